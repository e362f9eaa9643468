#include "model/label_scores.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

namespace diffuser::model {
namespace {

double Sigmoid(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

// log(sum(exp(values))) without overflow.
double LogSumExp(absl::Span<const double> values) {
  const double highest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const double value : values) sum += std::exp(value - highest);
  return highest + std::log(sum);
}

float ToFiniteFloat(double value) {
  constexpr double kLimit = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kLimit, kLimit));
}

// Logarithms of the softmax of one chunk.
std::vector<double> LogSoftmax(absl::Span<const float> logits) {
  std::vector<double> values(logits.begin(), logits.end());
  const double normalizer = LogSumExp(values);
  for (double& value : values) value -= normalizer;
  return values;
}

// The mean of probabilities is taken through their logarithms, so that a probability too small for
// a double still has a finite logit.
CombinedScores MeanOfSoftmax(absl::Span<const std::vector<float>> chunk_logits) {
  std::vector<std::vector<double>> chunks;
  for (const auto& logits : chunk_logits) chunks.push_back(LogSoftmax(logits));
  CombinedScores combined;
  std::vector<double> of_label(chunks.size());
  for (size_t label = 0; label < chunk_logits.front().size(); ++label) {
    for (size_t i = 0; i < chunks.size(); ++i) of_label[i] = chunks[i][label];
    const double log_mean = LogSumExp(of_label) - std::log(static_cast<double>(chunks.size()));
    combined.scores.push_back(std::exp(log_mean));
    combined.logits.push_back(ToFiniteFloat(log_mean));
  }
  return combined;
}

// The sigmoid never falls, so the highest score is the highest logit's.
CombinedScores HighestSigmoid(absl::Span<const std::vector<float>> chunk_logits) {
  CombinedScores combined;
  combined.logits = chunk_logits.front();
  for (const auto& logits : chunk_logits) {
    for (size_t label = 0; label < logits.size(); ++label) {
      combined.logits[label] = std::max(combined.logits[label], logits[label]);
    }
  }
  for (const float logit : combined.logits) combined.scores.push_back(Sigmoid(logit));
  return combined;
}

CombinedScores MeanOfNumbers(absl::Span<const std::vector<float>> chunk_logits) {
  CombinedScores combined;
  for (size_t label = 0; label < chunk_logits.front().size(); ++label) {
    double sum = 0;
    for (const auto& logits : chunk_logits) sum += logits[label];
    combined.scores.push_back(sum / static_cast<double>(chunk_logits.size()));
    combined.logits.push_back(ToFiniteFloat(combined.scores.back()));
  }
  return combined;
}

CombinedScores Combine(ProblemType type, absl::Span<const std::vector<float>> chunk_logits) {
  switch (type) {
    case ProblemType::kMultiLabel:
      return HighestSigmoid(chunk_logits);
    case ProblemType::kRegression:
      return MeanOfNumbers(chunk_logits);
    case ProblemType::kSingleLabel:
      break;
  }
  return MeanOfSoftmax(chunk_logits);
}

// The score from which on a label is returned.
float ThresholdOf(int label, const ModelConfig& config, const std::optional<float>& threshold) {
  if (threshold.has_value()) return *threshold;
  if (config.problem_type == ProblemType::kMultiLabel) return config.label_thresholds[label];
  return -std::numeric_limits<float>::infinity();
}

}  // namespace

CombinedScores CombineChunks(ProblemType type, absl::Span<const std::vector<float>> chunk_logits) {
  CombinedScores combined = Combine(type, chunk_logits);
  if (chunk_logits.size() == 1) combined.logits = chunk_logits.front();
  return combined;
}

std::vector<ScoredLabel> SelectLabels(absl::Span<const double> scores, const ModelConfig& config,
                                      const SelectOptions& options) {
  std::vector<ScoredLabel> labels;
  for (int index = 0; index < static_cast<int>(scores.size()); ++index) {
    const float score = static_cast<float>(scores[index]);
    if (score >= ThresholdOf(index, config, options.threshold)) labels.push_back({index, score});
  }
  std::stable_sort(labels.begin(), labels.end(),
                   [](const ScoredLabel& a, const ScoredLabel& b) { return a.score > b.score; });
  if (options.top_k > 0 && static_cast<int>(labels.size()) > options.top_k) {
    labels.resize(options.top_k);
  }
  return labels;
}

}  // namespace diffuser::model
