#ifndef DIFFUSER_MODEL_LAYERS_WEIGHTS_H_
#define DIFFUSER_MODEL_LAYERS_WEIGHTS_H_

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "model/checkpoint/checkpoint.h"

namespace diffuser::layers {

// The checkpoint's tensor of that name as float32. Views the mapped file where it holds aligned
// float32, so it must not be written to and must not outlive the checkpoint; a widened copy
// otherwise. REQUIRES: checkpoint.has(name).
at::Tensor FloatWeight(const checkpoint::Checkpoint& checkpoint, std::string_view name);

// Weight and bias of one LayerNorm, and its application.
class LayerNorm {
 public:
  // Reads `<name>.weight` and `<name>.bias`.
  LayerNorm(const checkpoint::Checkpoint& checkpoint, const std::string& name);

  at::Tensor Forward(const at::Tensor& x) const;  // [rows, hidden] -> the same shape

 private:
  at::Tensor weight_, bias_;  // [hidden]
  double epsilon_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_WEIGHTS_H_
