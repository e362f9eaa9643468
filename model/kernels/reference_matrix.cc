#include "model/kernels/reference_matrix.h"

#include <algorithm>
#include <cmath>

namespace diffuser::kernels::reference {
namespace {

double Dot(const double* a, const double* b, int n) {
  double sum = 0;
  for (int d = 0; d < n; ++d) sum += a[d] * b[d];
  return sum;
}

// REQUIRES: not empty.
void Softmax(std::vector<double>& values) {
  const double max = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - max);
  for (double& value : values) value /= sum;
}

// Appends `count` elements, the first at `at`.
void AppendRow(const void* base, Element element, int64_t at, int count, std::vector<double>& to) {
  for (int d = 0; d < count; ++d) {
    to.push_back(element == Element::kFloat32
                     ? static_cast<const float*>(base)[at + d]
                     : ToFloat(static_cast<const BFloat16*>(base)[at + d]));
  }
}

}  // namespace

Head::Head(const QkvView& qkv, const DiffusionShape& shape, int document, int head)
    : length(qkv.offsets[document + 1] - qkv.offsets[document]), dim(shape.head_dim) {
  for (int i = 0; i < length; ++i) {
    const int64_t at = (qkv.offsets[document] + i) * qkv.row_stride + int64_t{head} * dim;
    AppendRow(qkv.q, qkv.element, at, dim, q);
    AppendRow(qkv.k, qkv.element, at, dim, k);
    if (qkv.v != nullptr) AppendRow(qkv.v, qkv.element, at, dim, v);
  }
}

Matrix AttentionMatrix(const graph::AttentionGraph& graph, const Head& head) {
  const double scale = 1.0 / std::sqrt(static_cast<double>(head.dim));
  const size_t dim = head.dim;
  Matrix matrix(head.length);
  for (int i = 0; i < head.length; ++i) {
    Row& row = matrix[i];
    row.sources = graph.Sources(i, head.length);
    for (const int j : row.sources) {
      row.weights.push_back(scale * Dot(&head.q[i * dim], &head.k[j * dim], head.dim));
    }
    if (!row.weights.empty()) Softmax(row.weights);
  }
  return matrix;
}

}  // namespace diffuser::kernels::reference
