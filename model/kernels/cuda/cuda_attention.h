#ifndef DIFFUSER_MODEL_KERNELS_CUDA_CUDA_ATTENTION_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_CUDA_ATTENTION_H_

#include <memory>

#include "absl/status/statusor.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/cuda_library.h"

namespace diffuser::kernels::cuda {

// AttentionKernels on a CUDA device, for projections in host memory: they are copied there, rounded
// to `type`, and the answers are copied back. Errors are relative to the 16 bits of `type`, not to
// float32's. `parallel` is not used; calls from several threads take turns.
//
// The methods throw std::runtime_error where the device fails or a document is too long for it:
// the facade's guard makes a Status of that. REQUIRES of them: the graph is `graph`.
//
// Errors: INVALID_ARGUMENT (the graph has too many nodes), UNAVAILABLE (the device fails).
absl::StatusOr<std::unique_ptr<const AttentionKernels>> MakeCudaKernels(
    std::shared_ptr<const CudaLibrary> library, const DeviceInfo& device,
    std::shared_ptr<const graph::AttentionGraph> graph, HalfType type);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_CUDA_ATTENTION_H_
