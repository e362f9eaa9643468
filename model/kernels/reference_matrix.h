#ifndef DIFFUSER_MODEL_KERNELS_REFERENCE_MATRIX_H_
#define DIFFUSER_MODEL_KERNELS_REFERENCE_MATRIX_H_

#include <cstdint>
#include <vector>

#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"

// The attention matrix as its definition has it, in double: what the reference kernels of serving
// and of training start from.
namespace diffuser::kernels::reference {

// One row of A: its sources and their weights.
struct Row {
  std::vector<int> sources;
  std::vector<double> weights;
};

using Matrix = std::vector<Row>;  // [L]

// One document and head of the batch. Does not own what it points to.
struct Head {
  const float* q;  // row t at q + t * row_stride, D floats; k and v alike
  const float* k;
  const float* v;
  int64_t row_stride;
  int length;  // L
  int dim;     // D

  Head(const QkvView& qkv, const DiffusionShape& shape, int document, int head);
};

Matrix AttentionMatrix(const graph::AttentionGraph& graph, const Head& head);

}  // namespace diffuser::kernels::reference

#endif  // DIFFUSER_MODEL_KERNELS_REFERENCE_MATRIX_H_
