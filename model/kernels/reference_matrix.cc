#include "model/kernels/reference_matrix.h"

#include <algorithm>
#include <cmath>

namespace diffuser::kernels::reference {
namespace {

double Dot(const float* a, const float* b, int n) {
  double sum = 0;
  for (int d = 0; d < n; ++d) sum += static_cast<double>(a[d]) * b[d];
  return sum;
}

// REQUIRES: not empty.
void Softmax(std::vector<double>& values) {
  const double max = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - max);
  for (double& value : values) value /= sum;
}

}  // namespace

Head::Head(const QkvView& qkv, const DiffusionShape& shape, int document, int head)
    : row_stride(qkv.row_stride),
      length(qkv.offsets[document + 1] - qkv.offsets[document]),
      dim(shape.head_dim) {
  const int64_t start = qkv.offsets[document] * row_stride + head * shape.head_dim;
  q = qkv.q + start;
  k = qkv.k + start;
  v = qkv.v + start;
}

Matrix AttentionMatrix(const graph::AttentionGraph& graph, const Head& head) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(head.dim));
  Matrix matrix(head.length);
  for (int i = 0; i < head.length; ++i) {
    Row& row = matrix[i];
    row.sources = graph.Sources(i, head.length);
    for (const int j : row.sources) {
      row.weights.push_back(
          scale * Dot(head.q + i * head.row_stride, head.k + j * head.row_stride, head.dim));
    }
    if (!row.weights.empty()) Softmax(row.weights);
  }
  return matrix;
}

}  // namespace diffuser::kernels::reference
