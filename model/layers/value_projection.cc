#include "model/layers/value_projection.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include "model/classifier.h"
#include "model/layers/parallel.h"

namespace diffuser::layers {
namespace {

Linear WithoutBias(const ParameterSource& parameters, const std::string& name) {
  const at::Tensor weight = parameters.Get(name + ".weight");
  const at::Tensor zeros = at::zeros_like(parameters.Get(name + ".bias"));
  if (parameters.trainable()) return Linear::Trainable({weight}, {zeros}, Activation::kNone);
  return Linear(weight, zeros, Activation::kNone, model::Precision::kFloat32);
}

// A view of the file, as the parameter may be, would keep the file's page in use for a few floats.
at::Tensor Bias(const ParameterSource& parameters, const std::string& name) {
  const at::Tensor bias = parameters.Get(name + ".bias");
  return parameters.trainable() ? bias : bias.clone();
}

}  // namespace

ValueProjection::ValueProjection(const ParameterSource& parameters, const std::string& name)
    : product_(WithoutBias(parameters, name)), bias_(Bias(parameters, name)) {}

at::Tensor ValueProjection::Forward(const at::Tensor& x) const {
  return product_.Forward(x).add(bias_);
}

at::Tensor ValueProjection::ForwardSums(const kernels::TokenWeights& weights,
                                        const at::Tensor& x) const {
  const int64_t documents = weights.documents(), heads = weights.heads, hidden = x.size(1);
  const at::Tensor sums = at::empty({documents * heads, hidden}, at::kFloat);
  const at::Tensor totals = at::empty({documents, heads, 1}, at::kFloat);
  kernels::SumTokens(weights, x.const_data_ptr<float>(), hidden, sums.mutable_data_ptr<float>(),
                     totals.mutable_data_ptr<float>(), ParallelOnTorchPool);
  // Every head's sum by the weights of all heads, of which its own are kept: one large product is
  // faster than a small one a head.
  const at::Tensor own =
      product_.Forward(sums).view({documents, heads, heads, -1}).diagonal(0, 1, 2).transpose(1, 2);
  return own.addcmul(totals, bias_.view({heads, -1})).reshape({documents, hidden});
}

}  // namespace diffuser::layers
