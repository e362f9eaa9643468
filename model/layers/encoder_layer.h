#ifndef DIFFUSER_MODEL_LAYERS_ENCODER_LAYER_H_
#define DIFFUSER_MODEL_LAYERS_ENCODER_LAYER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "model/checkpoint/checkpoint.h"
#include "model/classifier.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/layers/linear.h"
#include "model/layers/weights.h"

namespace diffuser::layers {

// The first token of every document, after a layer.
struct FirstTokens {
  at::Tensor hidden;    // [documents, hidden]
  at::Tensor evidence;  // [T], see Classification::evidence; undefined where it was not asked for
};

// One post-LN encoder layer over a packed batch: x <- LN(x + Wo Attn(x)); x <- LN(x + W2 act(W1
// x)), with the attention diffusion of Diffuser as Attn. Immutable and thread-safe; owns none of
// the graph and kernels, which must outlive it, as must the checkpoint.
class EncoderLayer {
 public:
  EncoderLayer(const checkpoint::Checkpoint& checkpoint, int index,
               const graph::AttentionGraph& graph, const kernels::AttentionKernels& kernels,
               model::Precision precision);

  // x [T, hidden] float32, offsets as PackedBatch::offsets() -> [T, hidden].
  at::Tensor Forward(const at::Tensor& x, absl::Span<const int32_t> offsets) const;

  // The same for the first token of each document alone, at a fraction of the cost.
  FirstTokens ForwardFirstTokens(const at::Tensor& x, absl::Span<const int32_t> offsets,
                                 bool want_evidence) const;

  int64_t weight_bytes() const;

 private:
  // What follows the attention, for rows of any tokens.
  at::Tensor Finish(const at::Tensor& context, const at::Tensor& residual) const;
  // The projections [T, 3 * hidden] as the kernels read them. `qkv` must outlive the view.
  kernels::QkvView View(const at::Tensor& qkv, absl::Span<const int32_t> offsets) const;

  const graph::AttentionGraph& graph_;
  const kernels::AttentionKernels& kernels_;
  kernels::DiffusionShape shape_;
  Linear qkv_, attention_output_, intermediate_, output_;
  LayerNorm attention_norm_, output_norm_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_ENCODER_LAYER_H_
