#ifndef DIFFUSER_MODEL_LAYERS_VALUE_PROJECTION_H_
#define DIFFUSER_MODEL_LAYERS_VALUE_PROJECTION_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "model/kernels/token_sums.h"
#include "model/layers/linear.h"
#include "model/layers/parameters.h"

namespace diffuser::layers {

// The projection to values, V = X Wᵀ + 1 bᵀ, of a layer of which the first tokens alone are wanted.
// Head by head the attention gives those s V = (s X) Wᵀ + (Σ s) bᵀ, which takes one product a head
// and document instead of one a token. float32. Immutable and thread-safe.
class ValueProjection {
 public:
  // Of the linear layer of that name.
  ValueProjection(const ParameterSource& parameters, const std::string& name);

  // V of all tokens: x [T, hidden] float32 -> [T, hidden].
  at::Tensor Forward(const at::Tensor& x) const;

  // s V of every document, its heads side by side: x [T, hidden] float32 -> [documents, hidden].
  // REQUIRES: the heads divide hidden.
  at::Tensor ForwardSums(const kernels::TokenWeights& weights, const at::Tensor& x) const;

  int64_t weight_bytes() const { return product_.weight_bytes(); }

 private:
  Linear product_;  // without b
  at::Tensor bias_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_VALUE_PROJECTION_H_
