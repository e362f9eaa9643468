#ifndef DIFFUSER_MODEL_KERNELS_HEAD_TASKS_H_
#define DIFFUSER_MODEL_KERNELS_HEAD_TASKS_H_

#include <cstdint>

#include "model/kernels/attention_kernels.h"
#include "model/kernels/cpu_head.h"

namespace diffuser::kernels {

// The task of one document and head of a batch.
HeadTask MakeTask(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                  const QkvView& qkv, int document, int head);

// Runs body(document, head) for all of a batch, the longest documents first: a long one started
// last would leave threads idle.
void ForEachHead(const DiffusionShape& shape, const QkvView& qkv, ParallelFor parallel,
                 absl::FunctionRef<void(int document, int head)> body);

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_HEAD_TASKS_H_
