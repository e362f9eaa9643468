#ifndef DIFFUSER_MODEL_KERNELS_CUDA_STREAM_KERNELS_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_STREAM_KERNELS_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/batch_bounds.h"
#include "model/kernels/cuda/c_api.h"
#include "model/kernels/cuda/cuda_library.h"
#include "model/kernels/cuda/rowwise_args.h"

namespace diffuser::kernels::cuda {

// Where the launches of one batch find and put things: device memory at multiples of 256 bytes.
struct BatchMemory {
  BatchBounds bounds;
  const std::byte* plan = nullptr;  // what WritePlan wrote, PlanBytes(bounds)
  std::byte* workspace = nullptr;   // WorkspaceBytes(bounds), for nothing else meanwhile
};

// The project's kernels on one CUDA device, for one graph and one shape of attention. All pointers
// are to memory of that device, unless it is said otherwise; what is 16 bits wide is of the type
// given. Calls put kernels into a stream and return at once, so they can be captured in a CUDA
// graph. Immutable and thread-safe.
//
// Errors of calls: UNAVAILABLE (the device is lost: no later call of this process can succeed),
// RESOURCE_EXHAUSTED (out of device memory), INTERNAL (a launch failed otherwise).
class StreamKernels {
 public:
  virtual ~StreamKernels() = default;

  virtual const DeviceInfo& device() const = 0;

  virtual size_t PlanBytes(const BatchBounds& bounds) const = 0;
  virtual size_t WorkspaceBytes(const BatchBounds& bounds) const = 0;

  // Writes to `plan`, in host memory, what kernels need to know of the batch; offsets as
  // PackedBatch::offsets(). Errors: INVALID_ARGUMENT (not within the bounds, or a document that
  // this device cannot hold).
  virtual absl::Status WritePlan(const BatchBounds& bounds, absl::Span<const int32_t> offsets,
                                 std::byte* plan) const = 0;

  // The attention diffusion, as in AttentionKernels: q, k and v beside each other in the rows of
  // `qkv`, [T, 3 * H * D]; out [T, H * D], or [documents, H * D] with evidence [T] (may be null).
  // `out` has h of every hop on the way, and overlaps no input.
  virtual absl::Status Diffuse(StreamHandle stream, const BatchMemory& batch, HalfType type,
                               const void* qkv, void* out) const = 0;
  virtual absl::Status DiffuseFirstTokens(StreamHandle stream, const BatchMemory& batch,
                                          HalfType type, const void* qkv, void* out,
                                          float* evidence) const = 0;

  // Work on rows, see rowwise_args.h.
  virtual absl::Status NormalizeEmbeddings(StreamHandle stream,
                                           const EmbeddingLayerNormArgs<BFloat16>& args,
                                           int tokens) const = 0;
  virtual absl::Status NormalizeEmbeddings(StreamHandle stream,
                                           const EmbeddingLayerNormArgs<Float16>& args,
                                           int tokens) const = 0;
  virtual absl::Status AddAndNormalize(StreamHandle stream,
                                       const ResidualLayerNormArgs<BFloat16>& args,
                                       int rows) const = 0;
  virtual absl::Status AddAndNormalize(StreamHandle stream,
                                       const ResidualLayerNormArgs<Float16>& args,
                                       int rows) const = 0;
  virtual absl::Status Activate(StreamHandle stream,
                                const BiasActivationArgs<BFloat16>& args) const = 0;
  virtual absl::Status Activate(StreamHandle stream,
                                const BiasActivationArgs<Float16>& args) const = 0;

  // Waits for all that the device was given. UNAVAILABLE where it is lost. REQUIRES: no stream is
  // being captured. Blocks: until then.
  virtual absl::Status CheckDevice() const = 0;
};

// Kernels of the opened library on one of its devices.
// Errors: INVALID_ARGUMENT (a graph or shape that the kernels do not take), UNAVAILABLE (the device
// fails), RESOURCE_EXHAUSTED (out of device memory).
absl::StatusOr<std::unique_ptr<const StreamKernels>> MakeStreamKernels(
    std::shared_ptr<const CudaLibrary> library, const DeviceInfo& device,
    const graph::AttentionGraph& graph, const DiffusionShape& shape);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_STREAM_KERNELS_H_
