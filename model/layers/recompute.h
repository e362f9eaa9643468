#ifndef DIFFUSER_MODEL_LAYERS_RECOMPUTE_H_
#define DIFFUSER_MODEL_LAYERS_RECOMPUTE_H_

#include <ATen/core/Tensor.h>

#include <functional>

namespace diffuser::layers {

// layer(x), of which x alone is kept for the backward pass: that runs the layer once more, which
// costs a third of the time and saves all that the layer would have kept. `layer` must give the
// same bits both times, and what it refers to must live until the backward pass is done.
at::Tensor Recompute(const at::Tensor& x, std::function<at::Tensor(const at::Tensor&)> layer);

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_RECOMPUTE_H_
