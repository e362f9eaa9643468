#include "model/training/loss.h"

#include <ATen/ATen.h>

#include <cmath>

#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using model::ProblemType;

TEST(SumOfLosses, AddsTheCrossEntropiesOfSingleLabels) {
  const TokenizedDataset data =
      TokenizedDataset::FromIds({{0, 2}, {0, 2}, {0, 2}}, {{1}, {0}, {1}});
  const at::Tensor logits = at::tensor({0.0f, 1.0f, 2.0f, 0.0f}).view({2, 2});
  // Rows 2 and 1 of the data: -log of 1 / (1 + e^-1) and of 1 / (1 + e^-2).
  const double expected = std::log1p(std::exp(-1.0)) + std::log1p(std::exp(-2.0));
  EXPECT_NEAR(SumOfLosses(logits, data, {2, 1}, ProblemType::kSingleLabel, 0.0).item<double>(),
              expected, 1e-6);
}

TEST(SumOfLosses, SmoothsSingleLabels) {
  const TokenizedDataset data = TokenizedDataset::FromIds({{0, 2}}, {{1}});
  const at::Tensor logits = at::tensor({0.0f, 1.0f}).view({1, 2});
  const double right = std::log1p(std::exp(-1.0));
  const double wrong = std::log1p(std::exp(1.0));
  EXPECT_NEAR(SumOfLosses(logits, data, {0}, ProblemType::kSingleLabel, 0.2).item<double>(),
              0.9 * right + 0.1 * wrong, 1e-6);
}

TEST(SumOfLosses, AddsTheBinaryCrossEntropiesOfAllLabels) {
  const TokenizedDataset data = TokenizedDataset::FromIds({{0, 2}, {0, 2}}, {{0, 2}, {}});
  const at::Tensor logits = at::tensor({1.0f, -2.0f, 0.5f, 0.0f, 3.0f, -1.0f}).view({2, 3});
  const auto softplus = [](double x) { return std::log1p(std::exp(x)); };
  const double expected = softplus(-1.0) + softplus(-2.0) + softplus(-0.5)  //
                          + softplus(0.0) + softplus(3.0) + softplus(-1.0);
  EXPECT_NEAR(SumOfLosses(logits, data, {0, 1}, ProblemType::kMultiLabel, 0.0).item<double>(),
              expected, 1e-5);
}

}  // namespace
}  // namespace diffuser::training
