// The attention kernels in bfloat16, against the reference on the same, rounded inputs.
#include <cstdio>

#include "gtest/gtest.h"
#include "model/kernels/attention_kernels.h"
#include "tests/model/kernels/kernel_fixture.h"

namespace diffuser::kernels {
namespace {

using testing::Answers;
using testing::BuildOrDie;
using testing::Compute;
using testing::ExpectWithin;
using testing::KernelsOrDie;
using testing::Largest;
using testing::OnThreads;
using testing::Projections;
using testing::Serial;
using testing::UseTarget;

// The distance of two neighbours above 1.
constexpr float kEpsilon = 1.0f / 128;

// Rounding of a result. Targets without bfloat16 dot products compute in float32 and do no more.
constexpr float kRounding = kEpsilon / 2;

// With them, every weight is rounded too, and every h_k. Each is off by at most kEpsilon / 2 of
// itself; a row's weights sum to 1 as rounded, so the weights move a row by at most kEpsilon of the
// largest h; and what is off before a hop is off by at most 1 - alpha of it after. In the worst
// case that comes to 6 kEpsilon of the largest value for five hops, were all errors of one sign;
// they are not.
constexpr float kBound = 1.25f * kEpsilon;
// No weight is rounded twice for the evidence, and a sum over tokens averages errors out.
constexpr float kEvidenceBound = kEpsilon / 4;

class BFloat16Kernels : public testing::CaseTest {};

TEST_P(BFloat16Kernels, MatchTheReferenceOnEveryTarget) {
  const Projections batch = Batch(Element::kBFloat16);
  const Answers expected = ComputeWith("reference", batch);
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    UseTarget(target);
    const Answers actual = ComputeWith("cpu", batch);
    const bool may_dot = target == HWY_AVX3;
    ExpectWithin(may_dot ? kBound : 1.01f * kRounding, actual.all, expected.all, "h");
    ExpectWithin(may_dot ? kBound : 1.01f * kRounding, actual.first, expected.first, "first h");
    ExpectWithin(may_dot ? kEvidenceBound : 1e-4f, actual.evidence, expected.evidence, "evidence");
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, BFloat16Kernels, ::testing::ValuesIn(testing::GeneratedCases()),
                         [](const auto& test) { return test.param.name; });
INSTANTIATE_TEST_SUITE_P(WholeGraph, BFloat16Kernels, ::testing::Values(testing::WholeGraphCase()),
                         [](const auto& test) { return test.param.name; });

double RootMeanSquare(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

// What more hops add: the error must not grow with them. Against the unrounded reference on float32
// inputs, so that the rounding of q, k and v counts as well.
TEST(BFloat16Accuracy, StaysTheSameOverTheHops) {
  const auto graph = BuildOrDie({.nodes = 1024, .window = 64, .num_rand = 16, .num_glob = 32});
  for (int hops = 1; hops <= 8; ++hops) {
    const DiffusionShape shape = {.heads = 2, .head_dim = 64, .hops = hops};
    const Projections exact(shape, {1024}, {7}, 1.0f);
    const Projections rounded(shape, {1024}, {7}, 1.0f, Element::kBFloat16);
    const auto expected = Compute(*KernelsOrDie("reference"), *graph, shape, exact, Serial).all;
    auto error = Compute(*KernelsOrDie("cpu"), *graph, shape, rounded, Serial).all;
    for (size_t i = 0; i < error.size(); ++i) error[i] -= expected[i];
    const double largest = Largest(error) / Largest(expected);
    const double typical = RootMeanSquare(error) / RootMeanSquare(expected);
    std::printf("%d hops: largest error %.2f %% of the largest value, r.m.s. error %.2f %%\n", hops,
                100 * largest, 100 * typical);
    EXPECT_LT(largest, kBound) << hops << " hops";
    EXPECT_LT(typical, 0.6 * kEpsilon) << hops << " hops";
  }
}

}  // namespace
}  // namespace diffuser::kernels
