#include "model/training/optimizer.h"

#include <ATen/ATen.h>

#include <cmath>

#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

TEST(LearningRateAt, RisesToThePeakAndFallsToNothing) {
  TrainingOptions options;
  options.learning_rate = 1.0;
  options.warmup = 0.2;
  EXPECT_DOUBLE_EQ(LearningRateAt(0, 10, options), 0.5);
  EXPECT_DOUBLE_EQ(LearningRateAt(1, 10, options), 1.0);
  EXPECT_DOUBLE_EQ(LearningRateAt(2, 10, options), 8.0 / 9.0);
  EXPECT_DOUBLE_EQ(LearningRateAt(9, 10, options), 1.0 / 9.0);
}

TEST(LearningRateAt, StartsAtThePeakWithoutWarmup) {
  TrainingOptions options;
  options.learning_rate = 2.0;
  options.warmup = 0.0;
  EXPECT_DOUBLE_EQ(LearningRateAt(0, 4, options), 2.0);
  EXPECT_DOUBLE_EQ(LearningRateAt(3, 4, options), 0.5);
}

class OptimizerTest : public ::testing::Test {
 protected:
  OptimizerTest() {
    options_.max_gradient_norm = 0.0;
    options_.weight_decay = 0.1;
    options_.adam_beta1 = 0.9;
    options_.adam_beta2 = 0.99;
    options_.adam_epsilon = 1e-8;
    parameters_ = {{"weight", at::full({1, 1}, 2.0).set_requires_grad(true)},
                   {"bias", at::full({1}, 2.0).set_requires_grad(true)}};
  }

  void SetGradients(double weight, double bias) {
    parameters_[0].tensor.mutable_grad() = at::full({1, 1}, weight);
    parameters_[1].tensor.mutable_grad() = at::full({1}, bias);
  }
  static void Step(Optimizer& optimizer) { optimizer.Step(0.01, optimizer.GradientNorm()); }
  double Value(int index) const { return parameters_[index].tensor.detach().item<double>(); }

  TrainingOptions options_;
  std::vector<Parameter> parameters_;
};

TEST_F(OptimizerTest, TakesTheStepsOfAdamWWorkedOutByHand) {
  Optimizer optimizer(parameters_, options_);
  SetGradients(0.5, 0.5);
  EXPECT_NEAR(optimizer.GradientNorm(), std::sqrt(0.5), 1e-6);
  Step(optimizer);
  // The first step is the learning rate's size whatever the gradient's; only the weight decays.
  EXPECT_NEAR(Value(0), 2.0 * (1 - 0.01 * 0.1) - 0.01, 1e-6);
  EXPECT_NEAR(Value(1), 2.0 - 0.01, 1e-6);

  SetGradients(-1.0, -1.0);
  Step(optimizer);
  const double m = (0.9 * 0.05 - 0.1) / (1 - 0.9 * 0.9);
  const double v = (0.99 * 0.0025 + 0.01) / (1 - 0.99 * 0.99);
  EXPECT_NEAR(Value(1), 1.99 - 0.01 * m / std::sqrt(v), 1e-6);
  EXPECT_EQ(optimizer.steps(), 2);
}

TEST_F(OptimizerTest, ClearsTheGradients) {
  Optimizer optimizer(parameters_, options_);
  SetGradients(1.0, 1.0);
  Step(optimizer);
  EXPECT_FALSE(parameters_[0].tensor.grad().defined());
}

TEST_F(OptimizerTest, ClipsTheCommonNorm) {
  options_.max_gradient_norm = 1.0;
  Optimizer optimizer(parameters_, options_);
  SetGradients(3.0, 4.0);
  EXPECT_NEAR(optimizer.GradientNorm(), 5.0, 1e-6);
  Step(optimizer);
  EXPECT_NEAR(optimizer.first_moments()[0].item<double>(), 0.1 * 3.0 / 5.0, 1e-6);
  EXPECT_NEAR(optimizer.first_moments()[1].item<double>(), 0.1 * 4.0 / 5.0, 1e-6);
  SetGradients(0.3, 0.4);  // below: as it is
  Step(optimizer);
  EXPECT_NEAR(optimizer.first_moments()[1].item<double>(), 0.9 * 0.08 + 0.1 * 0.4, 1e-6);
}

}  // namespace
}  // namespace diffuser::training
