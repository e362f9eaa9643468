#ifndef DIFFUSER_MODEL_KERNELS_CPU_HEAD_H_
#define DIFFUSER_MODEL_KERNELS_CPU_HEAD_H_

#include <cstdint>

#include "model/graph/attention_graph.h"
#include "model/kernels/cpu_workspace.h"
#include "model/kernels/element.h"

namespace diffuser::kernels {

// One document and head: the unit of work. Row t of q, k and v is `dim` elements at t * row_stride.
struct HeadTask {
  const graph::AttentionGraph& graph;
  Element element;
  const void* q;
  const void* k;
  const void* v;       // null where it is not read
  int64_t row_stride;  // in elements
  int length;          // L, 1 to graph.nodes()
  int dim;             // D
  int hops;            // K
  float alpha;
};

// Writes h_K to out, row t of `dim` of the task's elements at t * out_stride. Runs on the calling
// thread, with the widest vectors the machine has; its bits depend on the task alone.
void DiffuseHead(const HeadTask& task, Workspace& workspace, void* out, int64_t out_stride);

// Writes s of the first token to weights, [L].
void FirstTokenWeightsOfHead(const HeadTask& task, Workspace& workspace, float* weights);

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_CPU_HEAD_H_
