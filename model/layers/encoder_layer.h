#ifndef DIFFUSER_MODEL_LAYERS_ENCODER_LAYER_H_
#define DIFFUSER_MODEL_LAYERS_ENCODER_LAYER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "absl/types/span.h"
#include "model/classifier.h"
#include "model/layers/diffusion_attention.h"
#include "model/layers/dropout.h"
#include "model/layers/layer_norm.h"
#include "model/layers/linear.h"
#include "model/layers/parameters.h"
#include "model/layers/rows.h"
#include "model/layers/value_projection.h"

namespace diffuser::layers {

// The first token of every document, after a layer.
struct FirstTokens {
  at::Tensor hidden;    // [documents, hidden]
  at::Tensor evidence;  // [T], see Classification::evidence; undefined where it was not asked for
};

// Of the projections around the attention, where the other layers have `precision`: int8 would take
// too much from the scores.
model::Precision ProjectionPrecision(model::Precision precision);

// One post-LN encoder layer over a packed batch: x <- LN(x + Wo Attn(x)); x <- LN(x + W2 act(W1
// x)), with the attention diffusion of Diffuser as Attn. x is [T, hidden], offsets as
// PackedBatch::offsets(). Between the products, values are in the form that the precision's
// products take, but sums and norms are float32, and so is the residual stream.
//
// Immutable and thread-safe; parameters and backend must outlive it.
class EncoderLayer {
 public:
  EncoderLayer(const ParameterSource& parameters, int index, const AttentionBackend& backend,
               model::Precision precision);

  // Writes over x.
  void Forward(HiddenStates& x, absl::Span<const int32_t> offsets) const;

  // The same for the first token of each document alone, at a fraction of the cost. REQUIRES: the
  // last layer.
  FirstTokens ForwardFirstTokens(const HiddenStates& x, absl::Span<const int32_t> offsets,
                                 bool want_evidence) const;

  // What both are in training: x [T, hidden] float32, with dropout, and with a gradient.
  // REQUIRES: trainable parameters, and training kernels in the backend.
  at::Tensor ForwardForTraining(const at::Tensor& x, absl::Span<const int32_t> offsets,
                                const Dropout& dropout) const;
  at::Tensor ForwardFirstTokensForTraining(const at::Tensor& x, absl::Span<const int32_t> offsets,
                                           const Dropout& dropout) const;

  int64_t weight_bytes() const;

 private:
  // q, k and v of all tokens, [T, 3 * hidden].
  at::Tensor ProjectAll(const HiddenStates& x) const;
  // What follows the attention, for rows of any tokens; writes over x.
  void FinishLayer(const at::Tensor& context, HiddenStates& x) const;
  // The attention of all tokens in training, [T, hidden], and what follows it.
  at::Tensor AttendForTraining(const at::Tensor& x, absl::Span<const int32_t> offsets,
                               const Dropout& dropout) const;
  at::Tensor FinishForTraining(const at::Tensor& context, const at::Tensor& residual,
                               const Dropout& dropout) const;

  model::Precision finish_precision_;  // of the feed-forward; attention_output_: its projection's
  Linear projections_;                 // to q, k and v; in the last layer to q and k alone
  std::optional<ValueProjection> value_;  // of the last layer
  Linear attention_output_, intermediate_, output_;
  LayerNorm attention_norm_, output_norm_;
  DiffusionAttention attention_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_ENCODER_LAYER_H_
