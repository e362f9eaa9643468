#ifndef DIFFUSER_MODEL_LAYERS_LAYER_NORM_H_
#define DIFFUSER_MODEL_LAYERS_LAYER_NORM_H_

#include <ATen/core/Tensor.h>

#include <string>

#include "model/kernels/rows/row_kernels.h"
#include "model/layers/parameters.h"

namespace diffuser::layers {

// Weight and bias of one LayerNorm, and its application.
class LayerNorm {
 public:
  // Reads `<name>.weight` and `<name>.bias`.
  LayerNorm(const ParameterSource& parameters, const std::string& name);

  at::Tensor Forward(const at::Tensor& x) const;  // [rows, hidden] -> the same shape

  // Its parameters, for kernels that do more in one pass. Valid as long as it lives.
  kernels::RowNorm view() const;

 private:
  at::Tensor weight_, bias_;  // [hidden]
  double epsilon_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_LAYER_NORM_H_
