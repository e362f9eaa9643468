#ifndef DIFFUSER_SERVER_SERVICES_TRANSLATE_H_
#define DIFFUSER_SERVER_SERVICES_TRANSLATE_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "diffuser/v1/classification.pb.h"
#include "server/models/model_registry.h"
#include "server/pipeline/classify_task.h"

// Between the public API's messages and the server's own types. What does not depend on the model
// is checked here; what does, behind the services.
namespace diffuser::services {

// Errors: INVALID_ARGUMENT naming `options.…`.
absl::StatusOr<pipeline::ClassifyOptions> ToOptions(const v1::Options& options);

// Whether a document's id may be used. Errors: INVALID_ARGUMENT naming `document.id`.
absl::Status CheckDocumentId(const v1::Document& document);

// Moves the content out. Errors: INVALID_ARGUMENT naming `document…`.
absl::StatusOr<std::variant<std::string, std::vector<uint32_t>>> TakeContent(
    v1::Document& document);

// REQUIRES: `entry` is ready and gave the answer; `options` are the document's.
v1::ClassifyResponse ToResponse(std::string document_id, const pipeline::ClassifyAnswer& answer,
                                const pipeline::ClassifyOptions& options,
                                const models::ModelEntry& entry);

v1::Model ToModel(const models::ModelEntry& entry);

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_TRANSLATE_H_
