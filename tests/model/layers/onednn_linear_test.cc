#include "model/layers/onednn_linear.h"

#include <ATen/ATen.h>

#include "gtest/gtest.h"

namespace diffuser::layers {
namespace {

double LargestDifference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST(TrainableOneDnnLinear, HasTheGradientOfTheLinearLayer) {
  at::manual_seed(3);
  for (const int64_t rows : {1, 2, 7, 300}) {
    const at::Tensor values[] = {at::randn({rows, 40}), at::randn({24, 40}), at::randn({24})};
    at::Tensor ours[3], theirs[3];
    for (int i = 0; i < 3; ++i) {
      ours[i] = values[i].clone().set_requires_grad(true);
      theirs[i] = values[i].to(at::kDouble).set_requires_grad(true);
    }
    const at::Tensor y = TrainableOneDnnLinear(ours[0], ours[1], ours[2]);
    const at::Tensor expected = at::linear(theirs[0], theirs[1], theirs[2]);
    EXPECT_LT(LargestDifference(y.detach(), expected.detach()), 1e-4) << rows;
    const at::Tensor dy = at::randn({rows, 24});
    y.backward(dy);
    expected.backward(dy.to(at::kDouble));
    for (int i = 0; i < 3; ++i) {
      EXPECT_LT(LargestDifference(ours[i].grad(), theirs[i].grad()), 1e-4) << rows << " " << i;
    }
  }
}

}  // namespace
}  // namespace diffuser::layers
