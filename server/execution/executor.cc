#include "server/execution/executor.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "model/packed_batch.h"

namespace diffuser::execution {
namespace {

using batching::BatchedResult;
using batching::Request;
using model::Classification;
using Outcomes = std::vector<absl::StatusOr<Classification>>;

absl::StatusOr<std::vector<Classification>> ClassifyPacked(const model::Classifier& classifier,
                                                           absl::Span<const Request> requests) {
  model::PackedBatch batch;
  std::vector<bool> evidence;
  for (const Request& request : requests) {
    batch.Append(request.ids);
    evidence.push_back(request.wants_evidence);
  }
  auto answers = classifier.Classify(batch, evidence);
  if (answers.ok() && answers->size() != requests.size()) {
    return absl::InternalError("the model answered another number of documents than it was given");
  }
  return answers;
}

// An answer of another shape, or a number that is none, must not reach the caller as a score.
absl::StatusOr<Classification> CheckAnswer(const model::Classifier& classifier,
                                           const Request& request, Classification answer) {
  const auto finite = [](float value) { return std::isfinite(value); };
  if (answer.logits.size() != classifier.config().labels.size() ||
      (request.wants_evidence && answer.evidence.size() != request.ids.size())) {
    return absl::InternalError("the model's answer has another size than its labels or tokens");
  }
  if (!std::all_of(answer.logits.begin(), answer.logits.end(), finite) ||
      !std::all_of(answer.evidence.begin(), answer.evidence.end(), finite)) {
    return absl::InternalError("the model gave a score that is no finite number");
  }
  return answer;
}

Outcomes ClassifyApart(const model::Classifier& classifier, absl::Span<const Request> requests);

Outcomes ClassifyAll(const model::Classifier& classifier, absl::Span<const Request> requests,
                     size_t part_size) {
  Outcomes outcomes;
  for (size_t begin = 0; begin < requests.size(); begin += part_size) {
    Outcomes part = ClassifyApart(classifier, requests.subspan(begin, part_size));
    std::move(part.begin(), part.end(), std::back_inserter(outcomes));
  }
  return outcomes;
}

// As one batch, or in the parts that its failure calls for.
Outcomes ClassifyApart(const model::Classifier& classifier, absl::Span<const Request> requests) {
  auto answers = ClassifyPacked(classifier, requests);
  if (answers.ok()) {
    Outcomes outcomes;
    for (size_t i = 0; i < requests.size(); ++i) {
      outcomes.push_back(CheckAnswer(classifier, requests[i], std::move((*answers)[i])));
    }
    return outcomes;
  }
  if (!classifier.health().ok()) {
    return Outcomes(requests.size(), absl::InternalError("the device failed while it computed"));
  }
  if (requests.size() == 1) return Outcomes{answers.status()};
  if (absl::IsResourceExhausted(answers.status())) {
    return ClassifyAll(classifier, requests, (requests.size() + 1) / 2);
  }
  return ClassifyAll(classifier, requests, 1);
}

}  // namespace

Executor::Executor(std::shared_ptr<const model::Classifier> classifier,
                   std::shared_ptr<metrics::ServingObserver> observer, batching::Clock now)
    : classifier_(std::move(classifier)), observer_(std::move(observer)), now_(std::move(now)) {}

std::vector<absl::StatusOr<BatchedResult>> Executor::Run(absl::Span<const Request> requests) const {
  const absl::Time begin = now_();
  Outcomes outcomes = ClassifyApart(*classifier_, requests);
  const absl::Time end = now_();

  observer_->OnBatch(static_cast<int>(requests.size()),
                     static_cast<int>(batching::CountTokens(requests)), end - begin);

  std::vector<absl::StatusOr<BatchedResult>> results;
  for (auto& outcome : outcomes) {
    if (outcome.ok()) {
      results.push_back(BatchedResult{*std::move(outcome), begin, end});
    } else {
      results.push_back(outcome.status());
    }
  }
  return results;
}

}  // namespace diffuser::execution
