#include "model/training/loss.h"

#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace diffuser::training {
namespace {

// [rows, labels], 1 where a document has the label.
at::Tensor LabelMatrix(const TokenizedDataset& data, const BatchRows& rows, int64_t labels) {
  at::Tensor matrix = at::zeros({static_cast<int64_t>(rows.size()), labels}, at::kFloat);
  float* out = matrix.mutable_data_ptr<float>();
  for (const int64_t row : rows) {
    for (const int32_t label : data.labels(row)) out[label] = 1.0f;
    out += labels;
  }
  return matrix;
}

// [rows], each document's one label.
at::Tensor LabelIndices(const TokenizedDataset& data, const BatchRows& rows) {
  at::Tensor indices = at::empty({static_cast<int64_t>(rows.size())}, at::kLong);
  int64_t* out = indices.mutable_data_ptr<int64_t>();
  for (const int64_t row : rows) *out++ = data.labels(row).front();
  return indices;
}

}  // namespace

at::Tensor SumOfLosses(const at::Tensor& logits, const TokenizedDataset& data,
                       const BatchRows& rows, model::ProblemType type, double label_smoothing) {
  if (type == model::ProblemType::kMultiLabel) {
    return at::binary_cross_entropy_with_logits(logits, LabelMatrix(data, rows, logits.size(1)), {},
                                                {}, at::Reduction::Sum);
  }
  return at::cross_entropy_loss(logits, LabelIndices(data, rows), {}, at::Reduction::Sum,
                                /*ignore_index=*/-100, label_smoothing);
}

}  // namespace diffuser::training
