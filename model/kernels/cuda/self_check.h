#ifndef DIFFUSER_MODEL_KERNELS_CUDA_SELF_CHECK_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_SELF_CHECK_H_

#include "absl/status/status.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"

namespace diffuser::kernels::cuda {

// Whether kernels that round to 16 bits agree with trusted ones on made-up documents of several
// lengths, the longest included, within 2 % of the largest answer. Run once, when a model is
// loaded: compiled code that passed its tests may still meet a driver or a device that makes
// something else of it. Errors: FAILED_PRECONDITION (they do not agree; the message says on what
// and by how much), and whatever the kernels throw as UNAVAILABLE.
absl::Status CheckAgainst(const AttentionKernels& trusted, const AttentionKernels& kernels,
                          const graph::AttentionGraph& graph, const DiffusionShape& shape);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_SELF_CHECK_H_
