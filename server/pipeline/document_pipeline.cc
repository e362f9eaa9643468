#include "server/pipeline/document_pipeline.h"

#include <cstddef>
#include <string>
#include <utility>
#include <variant>

#include "model/windows.h"
#include "server/pipeline/chunk_join.h"
#include "server/pipeline/document.h"

namespace diffuser::pipeline {

using batching::BatchedResult;
using batching::CheckWanted;
using batching::Request;

void DocumentPipeline::Classify(ClassifyTask task, Done done) {
  const absl::Time received = parts_.now();
  const auto* text = std::get_if<std::string>(&task.content);
  if (text == nullptr) return Enqueue(std::move(task), std::move(done), received);
  const auto bytes = static_cast<int64_t>(text->size());
  parts_.pool->Submit(bytes, [self = shared_from_this(), task = std::move(task),
                              done = std::move(done), received](absl::Status status) mutable {
    if (!status.ok()) return self->Refuse(std::move(status), std::move(done));
    self->Enqueue(std::move(task), std::move(done), received);
  });
}

// The path before the queue: tokenize, lay windows, admit and enqueue.
void DocumentPipeline::Enqueue(ClassifyTask task, Done done, absl::Time received) const {
  absl::Status wanted = CheckWanted(task.cancellation.get(), task.deadline, parts_.now());
  if (!wanted.ok()) return Refuse(std::move(wanted), std::move(done));

  absl::StatusOr<PlannedDocument> planned = Plan(task, received);
  if (!planned.ok()) return Refuse(planned.status(), std::move(done));

  wanted = CheckWanted(task.cancellation.get(), task.deadline, planned->admitted);
  if (!wanted.ok()) return Refuse(std::move(wanted), std::move(done));

  const absl::Time admitted = planned->admitted;
  parts_.queue->Admit(MakeRequests(*std::move(planned), task, std::move(done)), admitted);
}

// Takes the text out of the task; leaves the rest.
absl::StatusOr<PlannedDocument> DocumentPipeline::Plan(ClassifyTask& task,
                                                       absl::Time received) const {
  const ClassifyOptions& options = task.options;
  if (auto status = ValidateOptions(options, config()); !status.ok()) return status;

  auto* text = std::get_if<std::string>(&task.content);
  absl::StatusOr<Document> document =
      text != nullptr ? FromText(std::move(*text), parts_.tokenizer.get(), config())
                      : FromTokenIds(std::get<std::vector<uint32_t>>(task.content), config());
  if (!document.ok()) return document.status();
  const absl::Time tokenized = parts_.now();
  const absl::Duration tokenize = text != nullptr ? tokenized - received : absl::ZeroDuration();
  if (text != nullptr) parts_.observer->OnTokenized(document->tokens(), tokenize);

  const int max_tokens = config().max_tokens();
  absl::StatusOr<model::WindowPlan> plan = model::PlanWindows(
      document->tokens(),
      {.prefix = document->prefix,
       .suffix = document->suffix,
       .max_tokens = max_tokens,
       .long_document = options.long_document,
       .chunk_overlap = options.chunk_overlap.value_or(model::DefaultChunkOverlap(max_tokens))});
  if (!plan.ok()) return plan.status();
  parts_.observer->OnDocument(document->tokens(), plan->used);
  return PlannedDocument{.document = *std::move(document),
                         .plan = *std::move(plan),
                         .options = options,
                         .tokenize = tokenize,
                         .admitted = tokenized};
}

// One request a window; the answer is composed on the thread that answers the last of them.
std::vector<Request> DocumentPipeline::MakeRequests(PlannedDocument planned,
                                                    const ClassifyTask& task, Done done) const {
  std::vector<Request> requests;
  std::vector<std::vector<int32_t>> windows;
  for (const model::Window& window : planned.plan.windows) {
    windows.push_back(model::WindowIds(planned.document.ids, window));
  }
  const bool wants_evidence = planned.options.return_evidence;
  auto completions = JoinChunks(
      static_cast<int>(windows.size()),
      JoinedCompletion(
          [self = shared_from_this(), planned = std::move(planned),
           done = std::move(done)](absl::StatusOr<std::vector<BatchedResult>> results) mutable {
            if (!results.ok()) return std::move(done).Answer(results.status());
            std::move(done).Answer(ComposeAnswer(planned, self->config(), *results));
          }));
  for (size_t i = 0; i < windows.size(); ++i) {
    requests.push_back(Request{.ids = std::move(windows[i]),
                               .wants_evidence = wants_evidence,
                               .deadline = task.deadline,
                               .cancellation = task.cancellation,
                               .done = std::move(completions[i])});
  }
  return requests;
}

// Answers a document that does not reach the queue, and counts it. (The queue counts its own.)
void DocumentPipeline::Refuse(absl::Status status, Done done) const {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      parts_.observer->OnRejected(metrics::RejectReason::kInvalid);
      break;
    case absl::StatusCode::kResourceExhausted:
      parts_.observer->OnRejected(metrics::RejectReason::kQueueDocuments);
      break;
    case absl::StatusCode::kUnavailable:
      parts_.observer->OnRejected(metrics::RejectReason::kDraining);
      break;
    case absl::StatusCode::kDeadlineExceeded:
      parts_.observer->OnDropped(metrics::DropReason::kExpired);
      break;
    case absl::StatusCode::kCancelled:
      parts_.observer->OnDropped(metrics::DropReason::kCancelled);
      break;
    default:
      break;
  }
  std::move(done).Answer(std::move(status));
}

}  // namespace diffuser::pipeline
