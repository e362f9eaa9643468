#include "model/training/evaluation/scores.h"

#include <algorithm>
#include <cstddef>

namespace diffuser::training {
namespace {

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

void Count(const std::vector<int>& predicted, const std::vector<int>& truth,
           std::vector<Counts>& labels) {
  for (const int label : predicted) {
    const bool is_true = std::binary_search(truth.begin(), truth.end(), label);
    ++(is_true ? labels[label].true_positives : labels[label].false_positives);
  }
  for (const int label : truth) {
    const bool is_found = std::binary_search(predicted.begin(), predicted.end(), label);
    if (!is_found) ++labels[label].false_negatives;
  }
}

void AverageOverLabels(Scores& scores) {
  for (const Counts& counts : scores.labels) {
    scores.micro += counts;
    if (counts.support() == 0) continue;
    ++scores.labels_with_support;
    scores.macro_precision += counts.precision();
    scores.macro_recall += counts.recall();
    scores.macro_f1 += counts.f1();
  }
  if (scores.labels_with_support == 0) return;
  scores.macro_precision /= scores.labels_with_support;
  scores.macro_recall /= scores.labels_with_support;
  scores.macro_f1 /= scores.labels_with_support;
}

}  // namespace

double Counts::precision() const { return Share(true_positives, true_positives + false_positives); }

double Counts::recall() const { return Share(true_positives, support()); }

double Counts::f1() const {
  return Share(2 * true_positives, 2 * true_positives + false_positives + false_negatives);
}

Counts& Counts::operator+=(const Counts& other) {
  true_positives += other.true_positives;
  false_positives += other.false_positives;
  false_negatives += other.false_negatives;
  return *this;
}

LabelSets PredictBest(const ScoreMatrix& scores) {
  LabelSets predicted;
  for (int64_t i = 0; i < scores.documents(); ++i) {
    const auto row = scores.row(i);
    const auto best = std::max_element(row.begin(), row.end());
    predicted.push_back({static_cast<int>(best - row.begin())});
  }
  return predicted;
}

LabelSets PredictByThreshold(const ScoreMatrix& scores, absl::Span<const float> thresholds) {
  LabelSets predicted(scores.documents());
  for (int64_t i = 0; i < scores.documents(); ++i) {
    const auto row = scores.row(i);
    for (int label = 0; label < scores.labels(); ++label) {
      if (row[label] >= thresholds[label]) predicted[i].push_back(label);
    }
  }
  return predicted;
}

Scores ComputeScores(const LabelSets& predicted, const LabelSets& truth, int labels) {
  Scores scores;
  scores.documents = static_cast<int64_t>(truth.size());
  scores.labels.resize(labels);
  int64_t exact = 0;
  for (size_t i = 0; i < truth.size(); ++i) {
    Count(predicted[i], truth[i], scores.labels);
    if (predicted[i] == truth[i]) ++exact;
  }
  scores.exact_match = Share(exact, scores.documents);
  AverageOverLabels(scores);
  return scores;
}

}  // namespace diffuser::training
