#include "model/precision_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "model/label_scores.h"

namespace diffuser::model {
namespace {

constexpr int kLengths[] = {4, 24, 64, 160};
constexpr double kMostScoreDifference = 0.05;
constexpr double kMostLogitDifference = 0.01;  // of the range of the logits and 0

bool IsFinite(absl::Span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

template <class T>
double LargestDifference(const std::vector<T>& a, const std::vector<T>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  }
  return largest;
}

template <class T>
size_t Highest(const std::vector<T>& values) {
  return std::max_element(values.begin(), values.end()) - values.begin();
}

double RangeWithZero(absl::Span<const Classification> answers) {
  float low = 0, high = 0;
  for (const Classification& answer : answers) {
    low = std::min(low, *std::min_element(answer.logits.begin(), answer.logits.end()));
    high = std::max(high, *std::max_element(answer.logits.begin(), answer.logits.end()));
  }
  return static_cast<double>(high) - static_cast<double>(low);
}

// Adds one document to the check, and says whether its highest label holds.
bool CompareDocument(ProblemType type, const std::vector<float>& expected,
                     const std::vector<float>& actual, PrecisionCheck& check) {
  check.largest_logit_difference =
      std::max(check.largest_logit_difference, LargestDifference(expected, actual));
  check.same_top_labels += Highest(expected) == Highest(actual) ? 1 : 0;
  if (type == ProblemType::kRegression) return true;
  const std::vector<double> scores = CombineChunks(type, {expected}).scores;
  check.largest_score_difference =
      std::max(check.largest_score_difference,
               LargestDifference(scores, CombineChunks(type, {actual}).scores));
  return scores[Highest(scores)] - scores[Highest(actual)] <= kMostScoreDifference;
}

}  // namespace

PackedBatch CheckDocuments(const ModelConfig& config) {
  std::mt19937 random(1);
  PackedBatch batch;
  for (const int length : kLengths) {
    std::vector<int32_t> ids(std::min(length, config.max_tokens()));
    for (int32_t& id : ids) {
      id = static_cast<int32_t>(random() % static_cast<uint32_t>(config.vocab_size));
      if (id == config.pad_token_id) id = id == 0 ? config.vocab_size - 1 : 0;
    }
    batch.Append(ids);
  }
  return batch;
}

PrecisionCheck CompareWithFloat32(const ModelConfig& config, Precision precision,
                                  absl::Span<const Classification> expected,
                                  absl::Span<const Classification> actual) {
  PrecisionCheck check{.precision = precision, .documents = static_cast<int>(expected.size())};
  check.passed = true;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (!IsFinite(expected[i].logits) || !IsFinite(actual[i].logits)) {
      check.largest_logit_difference = std::numeric_limits<double>::infinity();
      check.passed = false;
      return check;
    }
    check.passed &=
        CompareDocument(config.problem_type, expected[i].logits, actual[i].logits, check);
  }
  check.passed &= check.largest_score_difference <= kMostScoreDifference &&
                  check.largest_logit_difference <= kMostLogitDifference * RangeWithZero(expected);
  return check;
}

absl::StatusOr<std::shared_ptr<const Classifier>> FirstThatAgrees(
    const Classifier& float32, absl::Span<const Precision> candidates, MakeClassifier make,
    const std::function<void(const PrecisionCheck&)>& report) {
  const PackedBatch documents = CheckDocuments(float32.config());
  const auto expected = float32.Classify(documents, {});
  if (!expected.ok()) return expected.status();
  for (const Precision precision : candidates) {
    auto candidate = make(precision);
    if (!candidate.ok()) return candidate.status();
    const auto actual = (*candidate)->Classify(documents, {});
    if (!actual.ok()) return actual.status();
    const PrecisionCheck check =
        CompareWithFloat32(float32.config(), precision, *expected, *actual);
    if (report) report(check);
    if (check.passed) return candidate;
  }
  return make(Precision::kFloat32);
}

}  // namespace diffuser::model
