#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_AGREEMENT_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_AGREEMENT_H_

#include <cstdint>

#include "absl/types/span.h"
#include "model/training/evaluation/document_scorer.h"
#include "model/training/evaluation/score_matrix.h"

namespace diffuser::training {

// How far two computations of the same documents agree.
struct Agreement {
  int64_t documents = 0;
  int64_t same_top_label = 0;  // documents whose highest label is the same
  int64_t same_labels = 0;     // documents with the same predicted labels
  double largest_logit_difference = 0;
  double mean_logit_difference = 0;  // of absolute differences
  double largest_score_difference = 0;
};

// One computation: what it scored, and the labels that were made of the scores.
struct ScoredLabels {
  absl::Span<const ScoredDocument> documents;
  const LabelSets& labels;  // by document
};

// REQUIRES: the same documents, scored for the same labels.
Agreement CompareScored(const ScoredLabels& one, const ScoredLabels& other);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_AGREEMENT_H_
