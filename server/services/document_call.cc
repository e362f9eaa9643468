#include "server/services/document_call.h"

#include <utility>

#include "server/batching/completion.h"
#include "server/services/translate.h"

namespace diffuser::services {
namespace {

absl::StatusOr<pipeline::ClassifyTask> ToTask(const DocumentCall& call, v1::Document& document) {
  if (absl::Status status = CheckDocumentId(document); !status.ok()) return status;
  auto content = TakeContent(document);
  if (!content.ok()) return content.status();
  return pipeline::ClassifyTask{.content = *std::move(content),
                                .options = call.options,
                                .deadline = call.deadline,
                                .cancellation = call.cancellation};
}

}  // namespace

absl::StatusOr<DocumentCall> PrepareCall(
    const ServiceState& state, const std::string& model, const std::string& version,
    const v1::Options& options, absl::Time deadline,
    std::shared_ptr<const pipeline::Cancellation> cancellation) {
  absl::StatusOr<models::ModelEntry> entry = state.FindReady(model, version);
  if (!entry.ok()) return entry.status();
  const absl::StatusOr<pipeline::ClassifyOptions> read = ToOptions(options);
  if (!read.ok()) return read.status();
  return DocumentCall{.entry = *std::move(entry),
                      .options = *read,
                      .deadline = deadline,
                      .cancellation = std::move(cancellation)};
}

void ClassifyDocument(ServiceState& state, const DocumentCall& call, v1::Document& document,
                      DocumentDone done) {
  absl::StatusOr<pipeline::ClassifyTask> task = ToTask(call, document);
  if (!task.ok()) {
    state.CountRefused(call.entry.spec.name, task.status(), 1);
    std::move(done)(task.status());
    return;
  }
  auto answer = [&state, entry = call.entry, options = call.options,
                 id = std::move(*document.mutable_id()),
                 done = std::move(done)](absl::StatusOr<pipeline::ClassifyAnswer> result) mutable {
    if (!result.ok()) return std::move(done)(result.status());
    state.retry_delay().Observe(result->queue);
    std::move(done)(ToResponse(std::move(id), *result, options, entry));
  };
  call.entry.model->pipeline->Classify(
      *std::move(task), batching::Completion<pipeline::ClassifyAnswer>(std::move(answer)));
}

}  // namespace diffuser::services
