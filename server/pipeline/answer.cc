#include "server/pipeline/answer.h"

#include <algorithm>
#include <utility>

#include "model/label_scores.h"
#include "server/pipeline/evidence.h"

namespace diffuser::pipeline {
namespace {

using batching::BatchedResult;

std::vector<EvidenceSpan> ComposeEvidence(const PlannedDocument& planned,
                                          absl::Span<const BatchedResult> results) {
  std::vector<std::vector<float>> evidence;
  for (const BatchedResult& result : results) evidence.push_back(result.classification.evidence);
  const std::vector<double> weights =
      TokenWeights(planned.document.tokens(), planned.plan.windows, evidence);
  return SelectEvidence(planned.document, weights, planned.options.evidence_unit,
                        planned.options.max_evidence);
}

}  // namespace

ClassifyAnswer ComposeAnswer(const PlannedDocument& planned, const model::ModelConfig& config,
                             absl::Span<const BatchedResult> results) {
  std::vector<std::vector<float>> logits;
  absl::Time first_begin = absl::InfiniteFuture();
  absl::Time last_end = absl::InfinitePast();
  for (const BatchedResult& result : results) {
    logits.push_back(result.classification.logits);
    first_begin = std::min(first_begin, result.batch_begin);
    last_end = std::max(last_end, result.batch_end);
  }
  model::CombinedScores combined = model::CombineChunks(config.problem_type, logits);

  ClassifyAnswer answer;
  answer.labels =
      model::SelectLabels(combined.scores, config,
                          {.top_k = planned.options.top_k, .threshold = planned.options.threshold});
  if (planned.options.return_logits) answer.logits = std::move(combined.logits);
  if (planned.options.return_evidence) answer.evidence = ComposeEvidence(planned, results);
  answer.usage = {.seen = planned.document.tokens(),
                  .used = planned.plan.used,
                  .chunks = static_cast<int>(results.size()),
                  .shortened = planned.plan.shortened};
  answer.tokenize = planned.tokenize;
  answer.queue = first_begin - planned.admitted;
  answer.compute = last_end - first_begin;
  return answer;
}

}  // namespace diffuser::pipeline
