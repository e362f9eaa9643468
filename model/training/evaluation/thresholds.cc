#include "model/training/evaluation/thresholds.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>

#include "model/training/evaluation/scores.h"

namespace diffuser::training {
namespace {

// A score and whether the label holds.
struct Judged {
  float score;
  bool is_true;
};

void Pass(const Judged& one, Counts& counts) {
  if (!one.is_true) {
    ++counts.false_positives;
    return;
  }
  ++counts.true_positives;
  --counts.false_negatives;
}

float Between(float low, float high) {
  const float middle = static_cast<float>((static_cast<double>(low) + high) / 2);
  return middle > low ? middle : high;
}

// Keeps the threshold that is best so far.
class Best {
 public:
  void Offer(float threshold, double f1) {
    const bool is_better = !best_.has_value() || f1 > f1_;
    const bool is_nearer =
        best_.has_value() && f1 == f1_ && std::abs(threshold - 0.5f) < std::abs(*best_ - 0.5f);
    if (!is_better && !is_nearer) return;
    best_ = threshold;
    f1_ = f1;
  }
  float threshold() const { return best_.value_or(0.5f); }

 private:
  std::optional<float> best_;
  double f1_ = 0;
};

// One pass from the highest score down. All thresholds in (below, above], with no score between the
// two, predict alike: those documents that were passed. Their middle stands for them, or the limit
// that cuts it off.
float FindThreshold(std::vector<Judged> judged, const TuneOptions& options) {
  std::sort(judged.begin(), judged.end(),
            [](const Judged& a, const Judged& b) { return a.score > b.score; });
  Counts counts;
  for (const Judged& one : judged) counts.false_negatives += one.is_true ? 1 : 0;
  Best best;
  float above = 1;
  for (size_t i = 0; i <= judged.size();) {
    const float below = i < judged.size() ? judged[i].score : 0;
    if (below < options.highest && above >= options.lowest) {
      best.Offer(std::clamp(Between(below, above), options.lowest, options.highest), counts.f1());
    }
    if (i == judged.size()) break;
    for (; i < judged.size() && judged[i].score == below; ++i) Pass(judged[i], counts);
    above = below;
  }
  return best.threshold();
}

std::vector<Judged> JudgeLabel(const ScoreMatrix& scores, const LabelSets& truth, int label) {
  std::vector<Judged> judged;
  for (int64_t i = 0; i < scores.documents(); ++i) {
    const bool is_true = std::binary_search(truth[i].begin(), truth[i].end(), label);
    judged.push_back({scores.row(i)[label], is_true});
  }
  return judged;
}

int64_t Support(const std::vector<Judged>& judged) {
  return std::count_if(judged.begin(), judged.end(), [](const Judged& one) { return one.is_true; });
}

}  // namespace

TunedThresholds TuneThresholds(const ScoreMatrix& scores, const LabelSets& truth,
                               const TuneOptions& options) {
  TunedThresholds tuned;
  std::vector<Judged> all;
  for (int label = 0; label < scores.labels(); ++label) {
    const std::vector<Judged> judged = JudgeLabel(scores, truth, label);
    all.insert(all.end(), judged.begin(), judged.end());
    tuned.is_own.push_back(Support(judged) >= options.min_support);
    tuned.thresholds.push_back(tuned.is_own.back() ? FindThreshold(judged, options) : 0);
  }
  tuned.global = FindThreshold(std::move(all), options);
  for (int label = 0; label < scores.labels(); ++label) {
    if (!tuned.is_own[label]) tuned.thresholds[label] = tuned.global;
  }
  return tuned;
}

}  // namespace diffuser::training
