#ifndef DIFFUSER_MODEL_LAYERS_LAYER_NORM_H_
#define DIFFUSER_MODEL_LAYERS_LAYER_NORM_H_

#include <ATen/core/Tensor.h>

#include <string>

#include "model/layers/parameters.h"

namespace diffuser::layers {

// Weight and bias of one LayerNorm, and its application.
class LayerNorm {
 public:
  // Reads `<name>.weight` and `<name>.bias`.
  LayerNorm(const ParameterSource& parameters, const std::string& name);

  at::Tensor Forward(const at::Tensor& x) const;  // [rows, hidden] -> the same shape

 private:
  at::Tensor weight_, bias_;  // [hidden]
  double epsilon_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_LAYER_NORM_H_
