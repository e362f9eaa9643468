#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_SCORE_MATRIX_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_SCORE_MATRIX_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace diffuser::training {

// The scores that a model gave to documents, [documents, labels], one row after the other.
//
//   ScoreMatrix scores(3);
//   scores.Append({0.9f, 0.1f, 0.4f});
//   scores.row(0)[2];  // 0.4
class ScoreMatrix {
 public:
  // REQUIRES: labels > 0.
  explicit ScoreMatrix(int labels) : labels_(labels) {}

  // Adds a document. REQUIRES: row.size() == labels(); no NaN.
  void Append(absl::Span<const float> row) {
    for (const float score : row) values_.push_back(score);
  }

  int labels() const { return labels_; }
  int64_t documents() const { return static_cast<int64_t>(values_.size()) / labels_; }
  absl::Span<const float> row(int64_t document) const {
    return absl::MakeConstSpan(values_).subspan(document * labels_, labels_);
  }

 private:
  int labels_;
  std::vector<float> values_;
};

// Some labels of each of a number of documents, [documents]: what is true of them, or what was
// predicted. Label indices, ascending, none twice; a document may have none.
using LabelSets = std::vector<std::vector<int>>;

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_SCORE_MATRIX_H_
