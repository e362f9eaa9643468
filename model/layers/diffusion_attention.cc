#include "model/layers/diffusion_attention.h"

#include <ATen/core/ivalue.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>
#include <vector>

#include "model/layers/parallel.h"

namespace diffuser::layers {
namespace {

// Of `projections` that stand beside each other: q and k, or q, k and v.
// REQUIRES: qkv is contiguous, float32 or bfloat16.
kernels::QkvView View(const at::Tensor& qkv, absl::Span<const int32_t> offsets,
                      int projections = 3) {
  const void* data = qkv.const_data_ptr();
  const auto element =
      qkv.scalar_type() == at::kBFloat16 ? kernels::Element::kBFloat16 : kernels::Element::kFloat32;
  const int64_t hidden = qkv.size(1) / projections;
  return {.q = data,
          .k = kernels::ElementAt(data, element, hidden),
          .v = projections == 3 ? kernels::ElementAt(data, element, 2 * hidden) : nullptr,
          .row_stride = qkv.size(1),
          .offsets = offsets,
          .element = element};
}

// What the backward pass needs beside qkv.
struct TrainingCall : torch::CustomClassHolder {
  const AttentionBackend* backend;
  kernels::DiffusionShape shape;
  kernels::DiffusionDropout dropout;
  std::vector<int32_t> offsets;

  kernels::DiffusionPass Pass(const at::Tensor& qkv) const {
    return {*backend->graph, shape, View(qkv, offsets), dropout};
  }
};

class DiffuseFunction : public torch::autograd::Function<DiffuseFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& qkv,
                            const c10::intrusive_ptr<TrainingCall>& call) {
    context->save_for_backward({qkv});
    context->saved_data["call"] = c10::IValue::make_capsule(
        c10::static_intrusive_pointer_cast<torch::CustomClassHolder>(call));
    at::Tensor out = at::empty({qkv.size(0), qkv.size(1) / 3}, qkv.options());
    call->backend->training_kernels->Diffuse(call->Pass(qkv), out.mutable_data_ptr<float>(),
                                             ParallelOnTorchPool);
    return out;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const at::Tensor qkv = context->get_saved_variables()[0];
    const auto& call =
        *static_cast<const TrainingCall*>(context->saved_data["call"].toCapsule().get());
    const at::Tensor out_gradient = gradients[0].contiguous();
    at::Tensor gradient = at::empty_like(qkv);
    float* data = gradient.mutable_data_ptr<float>();
    const int64_t hidden = qkv.size(1) / 3;
    call.backend->training_kernels->DiffuseBackward(
        call.Pass(qkv), out_gradient.const_data_ptr<float>(),
        {data, data + hidden, data + 2 * hidden, 3 * hidden}, ParallelOnTorchPool);
    return {gradient, at::Tensor()};
  }
};

}  // namespace

kernels::DiffusionShape AttentionShape(const model::ModelConfig& config) {
  return {.heads = config.num_heads,
          .head_dim = config.head_dim(),
          .hops = config.diffusion_hops,
          .alpha = config.diffusion_alpha};
}

DiffusionAttention::DiffusionAttention(const model::ModelConfig& config,
                                       const AttentionBackend& backend)
    : backend_(backend), shape_(AttentionShape(config)) {}

at::Tensor DiffusionAttention::Forward(const at::Tensor& qkv,
                                       absl::Span<const int32_t> offsets) const {
  at::Tensor out = at::empty({qkv.size(0), qkv.size(1) / 3}, qkv.options());
  backend_.kernels->Diffuse(*backend_.graph, shape_, View(qkv, offsets), out.mutable_data_ptr(),
                            ParallelOnTorchPool);
  return out;
}

at::Tensor DiffusionAttention::ForwardForTraining(const at::Tensor& qkv,
                                                  absl::Span<const int32_t> offsets,
                                                  const Dropout& dropout) const {
  auto call = c10::make_intrusive<TrainingCall>();
  call->backend = &backend_;
  call->shape = shape_;
  call->dropout = {.attention = static_cast<float>(dropout.attention),
                   .hop = static_cast<float>(dropout.hop),
                   .seed = dropout.seed};
  call->offsets.assign(offsets.begin(), offsets.end());
  return DiffuseFunction::apply(qkv.contiguous(), call);
}

at::Tensor DiffusionAttention::FirstTokenWeights(const at::Tensor& qk,
                                                 absl::Span<const int32_t> offsets) const {
  at::Tensor weights = at::empty({shape_.heads, qk.size(0)}, at::kFloat);
  backend_.kernels->FirstTokenWeights(*backend_.graph, shape_, View(qk, offsets, 2),
                                      weights.mutable_data_ptr<float>(), ParallelOnTorchPool);
  return weights;
}

}  // namespace diffuser::layers
