#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_THRESHOLDS_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_THRESHOLDS_H_

#include <cstdint>
#include <vector>

#include "model/training/evaluation/score_matrix.h"

namespace diffuser::training {

struct TuneOptions {
  // A label that fewer documents have takes the global threshold: the best one of a few documents
  // is mostly chance, and lets labels in that other documents do not have. > 0.
  int64_t min_support = 30;
  // Where thresholds may lie: a document from elsewhere scores a little lower or higher.
  float lowest = 0.1f;   // in (0, 0.5]
  float highest = 0.9f;  // in [0.5, 1)
};

struct TunedThresholds {
  std::vector<float> thresholds;  // by label index
  std::vector<bool> is_own;       // by label index; false: it has the global one
  float global = 0.5f;            // the one threshold for all labels with the highest micro F1
};

// The thresholds that make the most of a multi-label model's scores: for each label the one with
// the highest F1, looked for half-way between neighbouring scores, at `lowest` and at `highest`;
// of equally good ones that nearest 0.5. The documents are best ones that the model was not trained
// on. Pure. REQUIRES: truth.size() == scores.documents(); indices in [0, scores.labels()); scores
// in [0, 1].
TunedThresholds TuneThresholds(const ScoreMatrix& scores, const LabelSets& truth,
                               const TuneOptions& options);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_THRESHOLDS_H_
