#ifndef DIFFUSER_TESTS_MODEL_DEVICE_HOST_KERNELS_H_
#define DIFFUSER_TESTS_MODEL_DEVICE_HOST_KERNELS_H_

#include <atomic>
#include <memory>

#include "model/kernels/cuda/stream_kernels.h"

namespace diffuser::device::testing {

using kernels::cuda::BatchBounds;
using kernels::cuda::BatchMemory;
using kernels::cuda::HalfType;
using kernels::cuda::StreamHandle;
template <class Half>
using EmbeddingArgs = kernels::cuda::EmbeddingLayerNormArgs<Half>;
template <class Half>
using ResidualArgs = kernels::cuda::ResidualLayerNormArgs<Half>;
template <class Half>
using ActivationArgs = kernels::cuda::BiasActivationArgs<Half>;

// StreamKernels on host memory: the attention by the CPU's kernels, the rest by plain loops. Reads
// the batch from the plan alone, as kernels on a device do. Wrong or failing where a test says so.
class HostKernels final : public kernels::cuda::StreamKernels {
 public:
  HostKernels(std::shared_ptr<const graph::AttentionGraph> graph,
              const kernels::DiffusionShape& shape);

  const kernels::cuda::DeviceInfo& device() const override { return info_; }
  size_t PlanBytes(const BatchBounds& bounds) const override;
  size_t WorkspaceBytes(const BatchBounds& bounds) const override;
  absl::Status WritePlan(const BatchBounds& bounds, absl::Span<const int32_t> offsets,
                         std::byte* plan) const override;

  absl::Status Diffuse(StreamHandle stream, const BatchMemory& batch, HalfType type,
                       const void* qkv, void* out) const override;
  absl::Status DiffuseFirstTokens(StreamHandle stream, const BatchMemory& batch, HalfType type,
                                  const void* qkv, void* out, float* evidence) const override;

  absl::Status NormalizeEmbeddings(StreamHandle stream,
                                   const EmbeddingArgs<kernels::cuda::BFloat16>& args,
                                   int tokens) const override;
  absl::Status NormalizeEmbeddings(StreamHandle stream,
                                   const EmbeddingArgs<kernels::cuda::Float16>& args,
                                   int tokens) const override;
  absl::Status AddAndNormalize(StreamHandle stream,
                               const ResidualArgs<kernels::cuda::BFloat16>& args,
                               int rows) const override;
  absl::Status AddAndNormalize(StreamHandle stream,
                               const ResidualArgs<kernels::cuda::Float16>& args,
                               int rows) const override;
  absl::Status Activate(StreamHandle stream,
                        const ActivationArgs<kernels::cuda::BFloat16>& args) const override;
  absl::Status Activate(StreamHandle stream,
                        const ActivationArgs<kernels::cuda::Float16>& args) const override;

  absl::Status CheckDevice() const override;

  // To be set by tests: each is added to one number of what it is called after.
  struct Errors {
    float all_tokens = 0, first_tokens = 0, evidence = 0;
    float embeddings = 0, norm = 0, activation = 0;
  } errors;
  std::atomic<bool> is_lost = false;        // every launch fails, and so does the check
  std::atomic<bool> out_of_memory = false;  // every launch fails, the device does not

 private:
  absl::Status Launch() const;

  std::shared_ptr<const graph::AttentionGraph> graph_;
  kernels::DiffusionShape shape_;
  kernels::cuda::DeviceInfo info_ = {};
  std::unique_ptr<const kernels::AttentionKernels> cpu_;
};

}  // namespace diffuser::device::testing

#endif  // DIFFUSER_TESTS_MODEL_DEVICE_HOST_KERNELS_H_
