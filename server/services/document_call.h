#ifndef DIFFUSER_SERVER_SERVICES_DOCUMENT_CALL_H_
#define DIFFUSER_SERVER_SERVICES_DOCUMENT_CALL_H_

#include <memory>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "diffuser/v1/classification.pb.h"
#include "server/models/model_registry.h"
#include "server/pipeline/classify_task.h"
#include "server/services/service_context.h"

namespace diffuser::services {

// What is the same for all documents of a call.
struct DocumentCall {
  models::ModelEntry entry;  // ready
  pipeline::ClassifyOptions options;
  absl::Time deadline;
  std::shared_ptr<const pipeline::Cancellation> cancellation;
};

// Finds the model, and reads the options. Errors: NOT_FOUND, UNAVAILABLE; INVALID_ARGUMENT naming
// the option.
absl::StatusOr<DocumentCall> PrepareCall(
    const ServiceState& state, const std::string& model, const std::string& version,
    const v1::Options& options, absl::Time deadline,
    std::shared_ptr<const pipeline::Cancellation> cancellation);

// Sends one document, moved out of the message, down its model's pipeline; returns at once. `done`
// is called exactly once, on any thread, within this call where the document is refused at once.
// Errors name the field as `document.…`. `state` must outlive the answer.
using DocumentDone = absl::AnyInvocable<void(absl::StatusOr<v1::ClassifyResponse>) &&>;
void ClassifyDocument(ServiceState& state, const DocumentCall& call, v1::Document& document,
                      DocumentDone done);

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_DOCUMENT_CALL_H_
