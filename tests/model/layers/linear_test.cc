#include "model/layers/linear.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <string>
#include <tuple>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::layers {
namespace {

using model::Precision;

constexpr int64_t kRowCounts[] = {1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 64, 100, 257, 1000};

at::Tensor Reference(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     Activation activation) {
  const at::Tensor y = at::linear(x.to(at::kDouble), weight.to(at::kDouble), bias.to(at::kDouble));
  switch (activation) {
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

double LargestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

// Input and output widths: the base model's, and awkward ones of the golden cases and heads.
class LinearTest : public testing::TestWithParam<std::tuple<int64_t, int64_t>> {
 protected:
  LinearTest() {
    at::manual_seed(7);
    weight_ = at::randn({std::get<1>(GetParam()), std::get<0>(GetParam())}) * 0.05;
    bias_ = at::randn({std::get<1>(GetParam())});
    x_ = at::randn({1000, std::get<0>(GetParam())});
  }

  c10::InferenceMode no_autograd_;
  at::Tensor weight_, bias_, x_;
};

TEST_P(LinearTest, MatchesTheDefinitionWithEveryActivation) {
  for (Activation activation :
       {Activation::kNone, Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    const Linear linear(weight_, bias_, activation, Precision::kFloat32);
    const at::Tensor expected = Reference(x_, weight_, bias_, activation);
    EXPECT_LT(LargestDifference(linear.Forward(x_), expected), 2e-5);
  }
}

TEST_P(LinearTest, GivesARowTheSameBitsWhateverRowsAreBesideIt) {
  const Linear linear(weight_, bias_, Activation::kGelu, Precision::kFloat32);
  const at::Tensor all = linear.Forward(x_);
  for (int64_t rows : kRowCounts) {
    for (int64_t first : {int64_t{0}, x_.size(0) - rows}) {
      const at::Tensor some = linear.Forward(x_.narrow(0, first, rows));
      EXPECT_TRUE(some.equal(all.narrow(0, first, rows))) << rows << " rows from " << first;
    }
  }
}

TEST_P(LinearTest, StaysWithinBFloat16RoundingWhateverRowsAreBesideIt) {
  if (!IsSupported(Precision::kBFloat16)) GTEST_SKIP() << "no bfloat16 on this processor";
  const Linear linear(weight_, bias_, Activation::kNone, Precision::kBFloat16);
  const at::Tensor expected = Reference(x_, weight_, bias_, Activation::kNone);
  const double epsilon = 1.0 / 128;  // of bfloat16
  const double bound = 2 * epsilon * expected.abs().max().item<double>();
  for (int64_t rows : kRowCounts) {
    const at::Tensor some = linear.Forward(x_.narrow(0, 0, rows));
    EXPECT_LT(LargestDifference(some, expected.narrow(0, 0, rows)), bound) << rows << " rows";
  }
}

TEST_P(LinearTest, StaysWithinTheRoundingOfEightBits) {
  if (!IsSupported(Precision::kInt8)) GTEST_SKIP() << "no int8 on this processor";
  for (Activation activation :
       {Activation::kNone, Activation::kGelu, Activation::kGeluTanh, Activation::kRelu}) {
    const Linear linear(weight_, bias_, activation, Precision::kInt8);
    const at::Tensor expected = Reference(x_, weight_, bias_, activation);
    // Both sides of the product are off by at most half a step, of 127 (63) to the largest value.
    const double steps = Int8Range(Activation::kNone).zero - 1;
    const at::Tensor of_rows = x_.to(at::kDouble).abs().amax(1, true);
    const at::Tensor of_outputs = weight_.to(at::kDouble).abs().amax(1).unsqueeze(0);
    const at::Tensor bound =
        (at::matmul(of_rows, weight_.to(at::kDouble).abs().sum(1).unsqueeze(0)) / (2 * steps) +
         at::matmul(x_.to(at::kDouble).abs().sum(1, true), of_outputs) / (2 * 127) +
         of_rows * of_outputs * static_cast<double>(x_.size(1)) / (4 * steps * 127));
    const at::Tensor off = (linear.Forward(x_).to(at::kDouble) - expected).abs();
    // gelu is at most 1.13 times as steep as its argument.
    EXPECT_LE((off - 1.13 * bound).max().item<double>(), 1e-5);
    // And far less than that on average.
    EXPECT_LT(off.mean().item<double>(), 0.3 * bound.mean().item<double>());
  }
}

TEST_P(LinearTest, GivesARowTheSameBitsInInt8WhateverRowsAreBesideIt) {
  if (!IsSupported(Precision::kInt8)) GTEST_SKIP() << "no int8 on this processor";
  const Linear linear(weight_, bias_, Activation::kGelu, Precision::kInt8);
  const at::Tensor all = linear.Forward(x_);
  for (int64_t rows : kRowCounts) {
    const at::Tensor some = linear.Forward(x_.narrow(0, 0, rows));
    EXPECT_TRUE(some.equal(all.narrow(0, 0, rows))) << rows << " rows";
  }
}

TEST_P(LinearTest, ProjectsAndActivatesWhatForwardGives) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16, Precision::kInt8}) {
    if (!IsSupported(precision)) continue;
    const Linear linear(weight_, bias_, Activation::kGelu, precision);
    const at::Tensor expected = linear.Forward(x_);
    const Rows rows = linear.ToRows(x_);
    const bool is_float = precision == Precision::kFloat32;
    EXPECT_TRUE(linear.Project(rows).equal(is_float ? expected : expected.to(at::kBFloat16)));
    const Rows activated = linear.Activate(rows);
    if (!activated.scales.defined()) {
      EXPECT_TRUE(activated.values.equal(expected));
      continue;
    }
    const at::Tensor restored =
        (activated.values.to(at::kFloat) - activated.zero) * activated.scales.unsqueeze(1);
    const at::Tensor off = (restored - expected).abs() - 0.501 * activated.scales.unsqueeze(1);
    EXPECT_LE(off.max().item<double>(), 6e-5);  // what a gelu that is quantized may be off
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, LinearTest,
                         testing::Values(std::tuple(768, 2304), std::tuple(768, 3072),
                                         std::tuple(3072, 768), std::tuple(48, 48),
                                         std::tuple(100, 48), std::tuple(48, 1), std::tuple(64, 2),
                                         std::tuple(7, 5)),
                         [](const auto& tested) {
                           return std::to_string(std::get<0>(tested.param)) + "To" +
                                  std::to_string(std::get<1>(tested.param));
                         });

TEST(LinearBytes, CountsWeightAndBiasInThePrecision) {
  const Linear linear(at::zeros({3, 5}), at::zeros({3}), Activation::kNone, Precision::kFloat32);
  EXPECT_EQ(linear.weight_bytes(), (3 * 5 + 3) * 4);
}

}  // namespace
}  // namespace diffuser::layers
