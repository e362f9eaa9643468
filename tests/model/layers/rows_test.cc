#include "model/layers/rows.h"

#include <ATen/ATen.h>

#include "gtest/gtest.h"
#include "model/layers/int8_weight.h"

namespace diffuser::layers {
namespace {

using model::Precision;

// Not a whole number of blocks or of threads' shares.
constexpr int64_t kRows = 2 * kBlockRows + 37, kHidden = 100;

at::Tensor Double(const at::Tensor& x) { return x.to(at::kDouble); }

at::Tensor Restored(const Rows& rows) {
  if (!rows.scales.defined()) return Double(rows.values);
  return (Double(rows.values) - rows.zero) * Double(rows.scales).unsqueeze(1);
}

TEST(AddAndNormalize, WritesTheStatesOfEveryPrecision) {
  at::manual_seed(2);
  const at::Tensor weight = at::randn({kHidden}), bias = at::randn({kHidden}),
                   x = at::randn({kRows, kHidden}), scales = at::rand({kRows}),
                   product_bias = at::randn({kHidden}), residual = at::randn({kRows, kHidden});
  const at::Tensor product = Double(x) * Double(scales).unsqueeze(1) + Double(product_bias);
  const at::Tensor expected =
      at::layer_norm(product + Double(residual), {kHidden}, Double(weight), Double(bias), 1e-5);
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
    if (precision == Precision::kInt8 && !HasInt8()) continue;
    HiddenStates states = EmptyHiddenStates(kRows, kHidden, precision);
    states.residual.copy_(residual);
    AddAndNormalize({x, scales, product_bias}, states.residual,
                    {weight.const_data_ptr<float>(), bias.const_data_ptr<float>(), 1e-5f}, states);
    EXPECT_LT((Double(states.residual) - expected).abs().max().item<double>(), 2e-5);
    const double step = precision == Precision::kFloat32 ? 1e-7 : 1.0 / 64;
    const double bound = 2e-5 + step * expected.abs().max().item<double>();
    EXPECT_LT((Restored(states.rows) - expected).abs().max().item<double>(), bound);
  }
}

TEST(HiddenStates, AreViewsWhereNarrowed) {
  HiddenStates states = EmptyHiddenStates(10, 4, Precision::kBFloat16);
  states.residual.zero_();
  states.rows.values.zero_();
  HiddenStates some = states.Narrow(3, 2);
  some.residual.fill_(1);
  some.rows.values.fill_(2);
  EXPECT_EQ(states.residual.sum().item<float>(), 8);
  EXPECT_EQ(states.rows.values.sum().item<float>(), 16);
}

}  // namespace
}  // namespace diffuser::layers
