#ifndef DIFFUSER_MODEL_LAYERS_DROPOUT_H_
#define DIFFUSER_MODEL_LAYERS_DROPOUT_H_

#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/dropout.h>

#include <cstdint>

namespace diffuser::layers {

// The regularisation of one training pass; the rates, in [0, 1), are 0 in serving.
struct Dropout {
  double hidden = 0.0;     // after the embeddings, every dense block and before the head
  double attention = 0.0;  // of the attention weights
  double hop = 0.0;        // of what every hop of the diffusion gives
  // Of the attention's masks, and of LibTorch's generator, which the masks of `hidden` come from,
  // at the beginning of every layer: a layer that is run again drops the same elements.
  uint64_t seed = 0;
};

// At the beginning of a layer.
inline void SeedHidden(const Dropout& dropout) {
  if (dropout.hidden > 0.0) at::manual_seed(dropout.seed);
}

inline at::Tensor DropHidden(const at::Tensor& x, const Dropout& dropout) {
  return dropout.hidden > 0.0 ? at::dropout(x, dropout.hidden, /*train=*/true) : x;
}

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_DROPOUT_H_
