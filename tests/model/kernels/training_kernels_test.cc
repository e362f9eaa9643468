#include "model/kernels/training_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hwy/targets.h"
#include "model/kernels/dropout_mask.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels {
namespace {

using testing::BuildOrDie;
using testing::KernelCase;
using testing::KernelsOrDie;
using testing::OnThreads;
using testing::Projections;
using testing::Serial;

constexpr DiffusionDropout kDropout = {.attention = 0.3f, .hop = 0.2f, .seed = 77};

std::unique_ptr<const TrainingKernels> TrainingKernelsOrDie(const char* name) {
  auto kernels = MakeTrainingKernels(name);
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return *std::move(kernels);
}

std::vector<float> Normal(size_t count, uint32_t seed) {
  std::mt19937 twister(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(twister);
  return values;
}

// What both methods give for a batch.
struct Answers {
  std::vector<float> h;          // [T, H D]
  std::vector<float> gradients;  // [T, 3 H D]
};

Answers Train(const TrainingKernels& kernels, const DiffusionPass& pass,
              const std::vector<float>& out_gradient, ParallelFor parallel) {
  const int width = pass.shape.heads * pass.shape.head_dim;
  const size_t size = static_cast<size_t>(pass.qkv.offsets.back()) * width;
  Answers answers = {std::vector<float>(size, -7.0f), std::vector<float>(3 * size, -7.0f)};
  kernels.Diffuse(pass, answers.h.data(), parallel);
  float* gradients = answers.gradients.data();
  kernels.DiffuseBackward(pass, out_gradient.data(),
                          {gradients, gradients + width, gradients + 2 * width, int64_t{3} * width},
                          parallel);
  return answers;
}

void ExpectClose(const std::vector<float>& actual, const std::vector<float>& expected, float factor,
                 const char* what) {
  ASSERT_EQ(actual.size(), expected.size());
  float largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(value));
  const float bound = 1e-9f + factor * std::numeric_limits<float>::epsilon() * largest;
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], bound) << what << " at " << i;
  }
}

class Generated : public ::testing::TestWithParam<KernelCase> {
 protected:
  void SetUp() override {
    graph_ = BuildOrDie(GetParam().graph);
    std::vector<uint32_t> seeds(GetParam().lengths.size());
    std::iota(seeds.begin(), seeds.end(), 100);
    batch_ = std::make_unique<Projections>(GetParam().shape, GetParam().lengths, seeds,
                                           GetParam().magnitude);
    out_gradient_ = Normal(
        static_cast<size_t>(batch_->tokens()) * GetParam().shape.heads * GetParam().shape.head_dim,
        5);
  }

  void TearDown() override { UseTarget(0); }

  static void UseTarget(int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }

  DiffusionPass Pass(const DiffusionDropout& dropout) const {
    return {*graph_, GetParam().shape, batch_->view(), dropout};
  }

  Answers TrainWith(const char* kernels, const DiffusionDropout& dropout) const {
    return Train(*TrainingKernelsOrDie(kernels), Pass(dropout), out_gradient_, Serial);
  }

  std::shared_ptr<const graph::AttentionGraph> graph_;
  std::unique_ptr<Projections> batch_;
  std::vector<float> out_gradient_;
};

TEST_P(Generated, CpuMatchesTheReferenceOnEveryTarget) {
  for (const DiffusionDropout& dropout : {DiffusionDropout{}, kDropout}) {
    SCOPED_TRACE(dropout.hop);
    const Answers expected = TrainWith("reference", dropout);
    // Rounding of the scores is magnified by their size, as exp() is taken of them.
    const float m = GetParam().magnitude;
    const float scores =
        8.0f * (1.0f + m * m * std::sqrt(static_cast<float>(GetParam().shape.head_dim)));
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
      SCOPED_TRACE(hwy::TargetName(target));
      UseTarget(target);
      const Answers actual = TrainWith("cpu", dropout);
      ExpectClose(actual.h, expected.h, scores, "h");
      ExpectClose(actual.gradients, expected.gradients, scores, "gradient");
    }
  }
}

TEST_P(Generated, WithoutDropoutTheForwardPassIsServings) {
  const size_t width = GetParam().shape.heads * GetParam().shape.head_dim;
  std::vector<float> serving(batch_->tokens() * width);
  KernelsOrDie("cpu")->Diffuse(*graph_, GetParam().shape, batch_->view(), serving.data(), Serial);
  ExpectClose(TrainWith("cpu", {}).h, serving, 32.0f, "h");
}

TEST_P(Generated, CpuGivesTheSameBitsOnAnyThreads) {
  const auto kernels = TrainingKernelsOrDie("cpu");
  const Answers expected = Train(*kernels, Pass(kDropout), out_gradient_, Serial);
  const Answers actual = Train(
      *kernels, Pass(kDropout), out_gradient_,
      [](int64_t count, absl::FunctionRef<void(int64_t)> body) { OnThreads(3, count, body); });
  EXPECT_EQ(actual.h, expected.h);
  EXPECT_EQ(actual.gradients, expected.gradients);
}

INSTANTIATE_TEST_SUITE_P(Cases, Generated, ::testing::ValuesIn(testing::GeneratedCases()),
                         [](const auto& test) { return test.param.name; });

// --- The definition's gradient against finite differences. ---

// sum of out_gradient * h: what the gradients are the derivatives of.
double Objective(const TrainingKernels& kernels, const DiffusionPass& pass,
                 const std::vector<float>& out_gradient) {
  std::vector<float> h(out_gradient.size());
  kernels.Diffuse(pass, h.data(), Serial);
  return std::inner_product(h.begin(), h.end(), out_gradient.begin(), 0.0);
}

void ExpectDerivatives(const DiffusionDropout& dropout) {
  const auto graph = BuildOrDie({.nodes = 40, .window = 8, .num_rand = 3, .num_glob = 4});
  const DiffusionShape shape = {.heads = 2, .head_dim = 3, .hops = 4, .alpha = 0.2f};
  const std::vector<int32_t> offsets = {0, 37, 48, 49};
  const size_t size = static_cast<size_t>(offsets.back()) * 6;
  std::vector<float> qkv = Normal(3 * size, 3);
  const std::vector<float> out_gradient = Normal(size, 4);
  const auto kernels = TrainingKernelsOrDie("reference");
  const DiffusionPass pass = {
      *graph, shape, {qkv.data(), qkv.data() + 6, qkv.data() + 12, 18, offsets}, dropout};
  const Answers answers = Train(*kernels, pass, out_gradient, Serial);
  constexpr float kStep = 1e-2f;
  for (size_t i = 0; i < qkv.size(); i += 7) {
    const float value = qkv[i];
    qkv[i] = value + kStep;
    const double above = Objective(*kernels, pass, out_gradient);
    qkv[i] = value - kStep;
    const double below = Objective(*kernels, pass, out_gradient);
    qkv[i] = value;
    EXPECT_NEAR(answers.gradients[i], (above - below) / (2 * kStep), 2e-3) << "at " << i;
  }
}

TEST(ReferenceTrainingKernels, GiveTheDerivativesOfTheForwardPass) { ExpectDerivatives({}); }

TEST(ReferenceTrainingKernels, GiveTheDerivativesWithDropout) { ExpectDerivatives(kDropout); }

// --- Dropout. ---

TEST(DropoutMask, KeepsTheShareThatTheRateLeaves) {
  int kept = 0;
  for (int row = 0; row < 100; ++row) {
    const uint32_t key = RowKey(HeadKey(9, 1, 2), kAttentionPlane, row);
    for (uint32_t column = 0; column < 1000; ++column) kept += IsKept(key, column, DropBelow(0.1f));
  }
  EXPECT_NEAR(kept, 90000, 500);  // five standard deviations
}

TEST(DropoutMask, DiffersBySeedDocumentHeadPlaneAndRow) {
  const uint32_t key = RowKey(HeadKey(9, 1, 2), kAttentionPlane, 3);
  EXPECT_NE(key, RowKey(HeadKey(10, 1, 2), kAttentionPlane, 3));
  EXPECT_NE(key, RowKey(HeadKey(9ull << 32, 1, 2), kAttentionPlane, 3));
  EXPECT_NE(key, RowKey(HeadKey(9, 2, 2), kAttentionPlane, 3));
  EXPECT_NE(key, RowKey(HeadKey(9, 1, 3), kAttentionPlane, 3));
  EXPECT_NE(key, RowKey(HeadKey(9, 1, 2), HopPlane(0), 3));
  EXPECT_NE(key, RowKey(HeadKey(9, 1, 2), kAttentionPlane, 4));
}

TEST(TrainingKernels, DropOtherElementsUnderAnotherSeed) {
  const auto graph = BuildOrDie({.nodes = 64, .window = 8, .num_rand = 3, .num_glob = 5});
  const DiffusionShape shape = {.heads = 2, .head_dim = 16};
  const Projections batch(shape, {60}, {1}, 1.0f);
  const auto kernels = TrainingKernelsOrDie("cpu");
  std::vector<float> first(60 * 32), second(60 * 32);
  kernels->Diffuse({*graph, shape, batch.view(), {.attention = 0.1f, .seed = 1}}, first.data(),
                   Serial);
  kernels->Diffuse({*graph, shape, batch.view(), {.attention = 0.1f, .seed = 2}}, second.data(),
                   Serial);
  EXPECT_NE(first, second);
}

TEST(MakeTrainingKernels, RefusesAnUnknownName) {
  const auto kernels = MakeTrainingKernels("gpu");
  EXPECT_EQ(kernels.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(kernels.status().message(), ::testing::HasSubstr("\"cpu\""));
}

}  // namespace
}  // namespace diffuser::kernels
