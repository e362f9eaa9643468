#ifndef DIFFUSER_MODEL_KERNELS_REFERENCE_MATRIX_H_
#define DIFFUSER_MODEL_KERNELS_REFERENCE_MATRIX_H_

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

// One document and head of the batch.
struct Head {
  int length;             // L
  int dim;                // D
  std::vector<double> q;  // [L, D]; k and v alike
  std::vector<double> k;
  std::vector<double> v;  // empty where the batch has none

  Head(const QkvView& qkv, const DiffusionShape& shape, int document, int head);
};

Matrix AttentionMatrix(const graph::AttentionGraph& graph, const Head& head);

}  // namespace diffuser::kernels::reference

#endif  // DIFFUSER_MODEL_KERNELS_REFERENCE_MATRIX_H_
