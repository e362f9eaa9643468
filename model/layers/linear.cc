#include "model/layers/linear.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/relu.h>
#include <hwy/detect_targets.h>
#include <hwy/targets.h>

#include <algorithm>
#include <utility>

#include "model/layers/onednn_linear.h"

namespace diffuser::layers {
namespace {

at::Tensor PackWeight(const at::Tensor& weight, at::ScalarType dtype) {
  return PackForOneDnn(weight.to(dtype).contiguous());
}

std::string_view AttributeOf(Activation activation) {
  switch (activation) {
    case Activation::kGelu:
    case Activation::kGeluTanh:
      return "gelu";
    case Activation::kRelu:
      return "relu";
    case Activation::kNone:
      break;
  }
  return "none";
}

}  // namespace

Activation ToActivation(model::HiddenAct act) {
  switch (act) {
    case model::HiddenAct::kGelu:
      return Activation::kGelu;
    case model::HiddenAct::kGeluTanh:
      return Activation::kGeluTanh;
    case model::HiddenAct::kRelu:
      break;
  }
  return Activation::kRelu;
}

bool IsSupported(model::Precision precision) {
  if (precision == model::Precision::kFloat32) return true;
  if (precision == model::Precision::kInt8) return HasInt8();
  try {
    PackWeight(at::ones({1, 1}), at::kBFloat16);
    return true;
  } catch (const c10::Error&) {
    return false;  // oneDNN refuses bfloat16 here, and says so in no other way
  }
}

bool HasBFloat16Instructions() {
#if defined(__x86_64__)
  return (hwy::SupportedTargets() & HWY_AVX3) != 0 && __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

Linear::Linear(const at::Tensor& weight, const at::Tensor& bias, Activation activation,
               model::Precision precision)
    : dtype_(precision == model::Precision::kBFloat16 ? at::kBFloat16 : at::kFloat),
      activation_(activation),
      attribute_(AttributeOf(activation)),
      algorithm_(activation == Activation::kGeluTanh ? "tanh" : "none") {
  if (precision == model::Precision::kInt8) {
    int8_ = std::make_shared<const Int8Weight>(weight.contiguous());
    bias_ = bias.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    weight_bytes_ = int8_->bytes() + static_cast<int64_t>(bias_.nbytes());
    return;
  }
  packed_ = PackWeight(weight, dtype_);
  // A view of the mapped file would keep the file's page in use for a few floats: own them.
  bias_ = bias.to(dtype_, /*non_blocking=*/false, /*copy=*/true);
  weight_bytes_ = (weight.numel() + bias.numel()) * static_cast<int64_t>(c10::elementSize(dtype_));
}

Linear Linear::Trainable(std::vector<at::Tensor> weights, std::vector<at::Tensor> biases,
                         Activation activation) {
  Linear linear;
  linear.weights_ = std::move(weights);
  linear.biases_ = std::move(biases);
  linear.activation_ = activation;
  for (const at::Tensor& weight : linear.weights_) linear.weight_bytes_ += weight.nbytes();
  for (const at::Tensor& bias : linear.biases_) linear.weight_bytes_ += bias.nbytes();
  return linear;
}

at::Tensor Linear::TrainableForward(const at::Tensor& x) const {
  const bool single = weights_.size() == 1;
  const at::Tensor y = TrainableOneDnnLinear(x, single ? weights_[0] : at::cat(weights_),
                                             single ? biases_[0] : at::cat(biases_));
  switch (activation_) {
    case Activation::kGelu:
      return at::gelu(y);
    case Activation::kGeluTanh:
      return at::gelu(y, "tanh");
    case Activation::kRelu:
      return at::relu(y);
    case Activation::kNone:
      break;
  }
  return y;
}

at::Tensor Linear::PackedForward(const at::Tensor& x) const {
  const at::Tensor input = x.to(dtype_);
  // oneDNN has another kernel, with other rounding, for a single row; two rows get the usual one.
  const bool single = input.size(0) == 1;
  const at::Tensor rows =
      single ? input.expand({2, input.size(1)}).contiguous() : input.contiguous();
  const at::Tensor y = OneDnnLinear(rows, packed_, bias_, attribute_, algorithm_);
  return single ? y.narrow(0, 0, 1) : y;
}

at::Tensor Linear::Forward(const at::Tensor& x) const {
  if (!weights_.empty()) return TrainableForward(x);
  if (int8_ == nullptr) return PackedForward(x);
  const Product product = Multiply(ToRows(x.contiguous()));
  at::Tensor y = at::empty_like(product.values);
  Finish(product, activation_, y);
  return y;
}

Product Linear::Multiply(const Rows& x) const {
  if (int8_ == nullptr) return {Forward(x.values), {}, {}};
  return {int8_->Multiply(x.values, x.zero), x.scales, bias_};
}

Rows Linear::Activate(const Rows& x) const {
  if (int8_ == nullptr) return {.values = Forward(x.values), .scales = {}};
  return Quantize(Multiply(x), activation_);
}

at::Tensor Linear::Project(const Rows& x) const {
  if (int8_ == nullptr) return Forward(x.values);
  at::Tensor y = at::empty({x.size(), bias_.size(0)}, at::kBFloat16);
  for (int64_t first = 0; first < x.size(); first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, x.size() - first);
    Finish(Multiply(x.Narrow(first, count)), activation_, y.narrow(0, first, count));
  }
  return y;
}

Rows Linear::ToRows(const at::Tensor& x) const {
  if (int8_ != nullptr) return Quantize({x, {}, {}}, Activation::kNone);
  return {.values = x.to(dtype_), .scales = {}};
}

Linear MakeLinear(const ParameterSource& parameters, const std::string& name, Activation activation,
                  model::Precision precision) {
  const at::Tensor weight = parameters.Get(name + ".weight");
  const at::Tensor bias = parameters.Get(name + ".bias");
  if (parameters.trainable()) return Linear::Trainable({weight}, {bias}, activation);
  return Linear(weight, bias, activation, precision);
}

Linear MakeStackedLinear(const ParameterSource& parameters, const std::vector<std::string>& names,
                         model::Precision precision) {
  std::vector<at::Tensor> weights, biases;
  for (const std::string& name : names) {
    weights.push_back(parameters.Get(name + ".weight"));
    biases.push_back(parameters.Get(name + ".bias"));
  }
  if (parameters.trainable()) {
    return Linear::Trainable(std::move(weights), std::move(biases), Activation::kNone);
  }
  return Linear(at::cat(weights), at::cat(biases), Activation::kNone, precision);
}

}  // namespace diffuser::layers
