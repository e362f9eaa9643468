#include "model/layers/recompute.h"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace diffuser::layers {
namespace {

struct Layer : torch::CustomClassHolder {
  std::function<at::Tensor(const at::Tensor&)> run;
};

class RecomputeFunction : public torch::autograd::Function<RecomputeFunction> {
 public:
  // Runs without a gradient of its own, as all such functions do.
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const c10::intrusive_ptr<Layer>& layer) {
    context->save_for_backward({x});
    context->saved_data["layer"] = c10::IValue::make_capsule(
        c10::static_intrusive_pointer_cast<torch::CustomClassHolder>(layer));
    return layer->run(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto capsule = context->saved_data["layer"].toCapsule();
    const at::AutoGradMode with_gradient(true);
    const at::Tensor x = context->get_saved_variables()[0].detach().set_requires_grad(true);
    static_cast<const Layer*>(capsule.get())->run(x).backward(gradients[0]);
    return {x.grad(), at::Tensor()};
  }
};

}  // namespace

at::Tensor Recompute(const at::Tensor& x, std::function<at::Tensor(const at::Tensor&)> layer) {
  auto holder = c10::make_intrusive<Layer>();
  holder->run = std::move(layer);
  return RecomputeFunction::apply(x, holder);
}

}  // namespace diffuser::layers
