#include "model/layers/layer_norm.h"

#include <ATen/ops/layer_norm.h>

namespace diffuser::layers {

LayerNorm::LayerNorm(const ParameterSource& parameters, const std::string& name)
    : weight_(parameters.Get(name + ".weight")),
      bias_(parameters.Get(name + ".bias")),
      epsilon_(parameters.config().layer_norm_eps) {}

at::Tensor LayerNorm::Forward(const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, weight_, bias_, epsilon_);
}

kernels::RowNorm LayerNorm::view() const {
  return {.weight = weight_.const_data_ptr<float>(),
          .bias = bias_.const_data_ptr<float>(),
          .epsilon = static_cast<float>(epsilon_)};
}

}  // namespace diffuser::layers
