#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_SCORES_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_SCORES_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/training/evaluation/score_matrix.h"

namespace diffuser::training {

// How often a label was predicted rightly and wrongly. A quotient of 0 by 0 counts as 0: the
// precision of what was never predicted, the recall of what never occurs, the F1 of neither.
struct Counts {
  int64_t true_positives = 0;
  int64_t false_positives = 0;
  int64_t false_negatives = 0;

  int64_t support() const { return true_positives + false_negatives; }  // documents that have it
  double precision() const;
  double recall() const;
  double f1() const;

  Counts& operator+=(const Counts& other);
  friend bool operator==(const Counts&, const Counts&) = default;
};

// How good predictions are. All shares are in [0, 1], and 0 where there is nothing to share.
struct Scores {
  int64_t documents = 0;
  std::vector<Counts> labels;  // by label index
  Counts micro;                // the sum over the labels
  // The means over the labels that occur in the truth, of which there are:
  int labels_with_support = 0;
  double macro_precision = 0;
  double macro_recall = 0;
  double macro_f1 = 0;
  double exact_match = 0;  // share of the documents whose predicted labels are just the true ones
};

// What single-label models predict: of each document the label with the highest score, the first of
// equal ones.
LabelSets PredictBest(const ScoreMatrix& scores);

// What multi-label models predict: every label whose score is at its threshold or above, as in the
// server. REQUIRES: thresholds.size() == scores.labels().
LabelSets PredictByThreshold(const ScoreMatrix& scores, absl::Span<const float> thresholds);

// REQUIRES: predicted.size() == truth.size(); all indices are in [0, labels).
Scores ComputeScores(const LabelSets& predicted, const LabelSets& truth, int labels);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_SCORES_H_
