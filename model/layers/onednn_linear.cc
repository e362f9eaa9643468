#include "model/layers/onednn_linear.h"

#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cstdint>

namespace diffuser::layers {
namespace {

constexpr int64_t kPackedForRows = 1024;

using ReorderWeight = at::Tensor(const at::Tensor&, std::optional<int64_t>);
using Pointwise = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&,
                             std::string_view, c10::List<std::optional<at::Scalar>>,
                             std::optional<std::string_view>);
using PackInt8 = at::Tensor(at::Tensor, std::optional<c10::List<int64_t>>);
using Int8Pointwise = at::Tensor(at::Tensor, double, int64_t, at::Tensor, at::Tensor, at::Tensor,
                                 std::optional<at::Tensor>, double, int64_t,
                                 std::optional<at::ScalarType>, std::string_view,
                                 c10::List<std::optional<at::Scalar>>, std::string_view);

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

at::Tensor PackInt8ForOneDnn(const at::Tensor& weight) {
  static const auto pack = FindOperator<PackInt8>("onednn::qlinear_prepack");
  // The rows that the layout is chosen for.
  return pack.call(weight, c10::List<int64_t>({kPackedForRows, weight.size(1)}));
}

at::Tensor OneDnnInt8Linear(const at::Tensor& x, int zero_point, const at::Tensor& weight,
                            const at::Tensor& scales, const at::Tensor& zeros) {
  static const auto pointwise = FindOperator<Int8Pointwise>("onednn::qlinear_pointwise");
  // The operator scales rows by one number alone, and is slow with any other result than float32
  // where the processor has no AVX-512: rows get their scales, and their type, when they are read.
  return pointwise.call(x, /*x_scale=*/1.0, zero_point, weight, scales, zeros, std::nullopt,
                        /*output_scale=*/1.0, /*output_zero_point=*/0, at::kFloat, "none",
                        c10::List<std::optional<at::Scalar>>(), "none");
}

at::Tensor TrainableOneDnnLinear(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& bias) {
  return LinearFunction::apply(x, weight, bias);
}

}  // namespace diffuser::layers
