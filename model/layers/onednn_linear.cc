#include "model/layers/onednn_linear.h"

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstdint>

namespace diffuser::layers {
namespace {

using ReorderWeight = at::Tensor(const at::Tensor&, std::optional<int64_t>);
using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             std::string_view, c10::List<std::optional<at::Scalar>>,
                             std::optional<std::string_view>);

// oneDNN's linear has no C++ declaration in LibTorch; it is reached by its operator's name.
template <typename Signature>
auto FindOperator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

at::Tensor Product(const at::Tensor& a, const at::Tensor& b,
                   const std::optional<at::Tensor>& bias) {
  return OneDnnLinear(a, b, bias, "none", "none");
}

class LinearFunction : public torch::autograd::Function<LinearFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight, const at::Tensor& bias) {
    context->save_for_backward({x, weight});
    return Product(x, weight, bias);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor dy = gradients[0].contiguous();
    return {Product(dy, weight.t(), std::nullopt), Product(dy.t(), x.t(), std::nullopt), dy.sum(0)};
  }
};

}  // namespace

at::Tensor PackForOneDnn(const at::Tensor& weight) {
  static const auto reorder = FindOperator<ReorderWeight>("mkldnn::_reorder_linear_weight");
  return reorder.call(weight, std::nullopt);
}

at::Tensor OneDnnLinear(const at::Tensor& x, const at::Tensor& weight,
                        const std::optional<at::Tensor>& bias, std::string_view attribute,
                        std::string_view algorithm) {
  static const auto pointwise = FindOperator<Pointwise>("mkldnn::_linear_pointwise");
  return pointwise.call(x, weight, bias, attribute, c10::List<std::optional<at::Scalar>>(),
                        algorithm);
}

at::Tensor TrainableOneDnnLinear(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& bias) {
  return LinearFunction::apply(x, weight, bias);
}

}  // namespace diffuser::layers
