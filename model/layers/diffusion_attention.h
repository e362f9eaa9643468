#ifndef DIFFUSER_MODEL_LAYERS_DIFFUSION_ATTENTION_H_
#define DIFFUSER_MODEL_LAYERS_DIFFUSION_ATTENTION_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>

#include "absl/types/span.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/training_kernels.h"
#include "model/layers/dropout.h"
#include "model/model_config.h"

namespace diffuser::layers {

// What computes the attention of all layers: one graph, one set of kernels. Immutable, thread-safe.
struct AttentionBackend {
  std::shared_ptr<const graph::AttentionGraph> graph;
  std::shared_ptr<const kernels::AttentionKernels> kernels;
  std::unique_ptr<const kernels::TrainingKernels> training_kernels = nullptr;  // only for training
};

kernels::DiffusionShape AttentionShape(const model::ModelConfig& config);

// The attention diffusion on projections q, k and v that stand beside each other in the rows of
// `qkv`, [T, 3 * hidden], contiguous, float32 or bfloat16; offsets as PackedBatch::offsets().
// Immutable and thread-safe; the backend must outlive it.
class DiffusionAttention {
 public:
  DiffusionAttention(const model::ModelConfig& config, const AttentionBackend& backend);

  // -> [T, hidden], of the type of qkv.
  at::Tensor Forward(const at::Tensor& qkv, absl::Span<const int32_t> offsets) const;

  // -> [T, hidden], whose gradient reaches qkv through kernels too.
  // REQUIRES: qkv is float32; the backend has training kernels, and lives until the backward pass
  // is done.
  at::Tensor ForwardForTraining(const at::Tensor& qkv, absl::Span<const int32_t> offsets,
                                const Dropout& dropout) const;

  // What the first token of every document takes of its tokens' values, [heads, T] float32, at a
  // fraction of the cost. `qk` has rows of q and k alone, [T, 2 * hidden].
  at::Tensor FirstTokenWeights(const at::Tensor& qk, absl::Span<const int32_t> offsets) const;

 private:
  const AttentionBackend& backend_;
  kernels::DiffusionShape shape_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_DIFFUSION_ATTENTION_H_
