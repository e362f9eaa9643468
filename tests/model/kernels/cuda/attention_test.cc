// The CUDA attention kernels, on the host shim, against the reference kernels.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/kernels/cuda/shim_attention.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::Answers;
using kernels::testing::BuildOrDie;
using kernels::testing::Compute;
using kernels::testing::KernelCase;
using kernels::testing::KernelsOrDie;
using kernels::testing::Projections;
using kernels::testing::Serial;
using testing::ComputeOnShim;
using ::testing::IsEmpty;
using testing::kA100;
using testing::kH100;
using testing::RoundedProjections;
using testing::ShimAnswers;
using testing::ShimDevice;
using testing::SmallA100;
using testing::SmallH100;

constexpr float Epsilon(BFloat16) { return 1.0f / 128; }
constexpr float Epsilon(Float16) { return 1.0f / 1024; }

Projections MakeProjections(const KernelCase& test) {
  std::vector<uint32_t> seeds(test.lengths.size());
  std::iota(seeds.begin(), seeds.end(), 100);
  return Projections(test.shape, test.lengths, seeds, test.magnitude);
}

// bound = absolute + factor * magnitude
void ExpectClose(const std::vector<float>& actual, const std::vector<float>& expected, float factor,
                 const char* what) {
  ASSERT_EQ(actual.size(), expected.size());
  float largest = 0;
  for (const float value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], 1e-7f + factor * largest) << what << " at " << i;
  }
}

template <class Half>
void ExpectMatchesReference(const KernelCase& test, const ShimDevice& device) {
  const auto graph = BuildOrDie(test.graph);
  const Projections projections = MakeProjections(test);
  const RoundedProjections<Half> batch(projections.view(), test.shape);
  const ShimAnswers actual = ComputeOnShim(*graph, test.shape, batch, device);
  EXPECT_THAT(actual.reports, IsEmpty());
  const int tokens = projections.tokens();
  Answers expected = {std::vector<float>(tokens * batch.width),
                      std::vector<float>(projections.documents() * batch.width),
                      std::vector<float>(tokens)};
  const auto reference = KernelsOrDie("reference");
  reference->Diffuse(*graph, test.shape, batch.view(), expected.all.data(), Serial);
  reference->DiffuseFirstToken(*graph, test.shape, batch.view(), expected.first.data(),
                               expected.evidence.data(), Serial);
  // h is rounded once a hop, the weights once; errors of earlier hops are averaged away.
  ExpectClose(actual.answers.all, expected.all, 2 * Epsilon(Half()), "h");
  ExpectClose(actual.answers.first, expected.first, Epsilon(Half()), "h of the first token");
  ExpectClose(actual.answers.evidence, expected.evidence, Epsilon(Half()), "evidence");
}

std::vector<KernelCase> Cases() {
  std::vector<KernelCase> cases = kernels::testing::GeneratedCases();
  std::erase_if(cases, [](const KernelCase& test) { return test.shape.head_dim % 8 != 0; });
  return cases;
}

class Generated : public ::testing::TestWithParam<KernelCase> {};

int Longest(const KernelCase& test) {
  return *std::max_element(test.lengths.begin(), test.lengths.end());
}

TEST_P(Generated, MatchesTheReferenceInBFloat16WithClusters) {
  ExpectMatchesReference<BFloat16>(GetParam(),
                                   SmallH100(Longest(GetParam()), GetParam().shape.head_dim));
}

TEST_P(Generated, MatchesTheReferenceInFloat16WithoutClusters) {
  ExpectMatchesReference<Float16>(GetParam(),
                                  SmallA100(Longest(GetParam()), GetParam().shape.head_dim));
}

INSTANTIATE_TEST_SUITE_P(CudaAttention, Generated, ::testing::ValuesIn(Cases()),
                         [](const auto& test) { return test.param.name; });

// --- As on devices of today: the longest documents. ---

constexpr graph::GraphOptions kBaseGraph = {
    .nodes = 4096, .window = 64, .num_rand = 64, .num_glob = 64};

TEST(CudaAttention, MatchesTheReferenceAt4096TokensOnH100) {
  ExpectMatchesReference<BFloat16>({"", kBaseGraph, {1, 16, 2}, {4096}}, kH100);
}

TEST(CudaAttention, MatchesTheReferenceAt4096TokensOnA100) {
  ExpectMatchesReference<BFloat16>({"", kBaseGraph, {1, 8, 2}, {4096}}, kA100);
}

// --- A document's bits hang neither on its batch nor on the order of blocks and threads. ---

class Independence : public ::testing::Test {
 protected:
  static constexpr DiffusionShape kShape = {.heads = 2, .head_dim = 24, .hops = 3};

  ShimAnswers ComputeWith(const std::vector<int>& lengths, const std::vector<uint32_t>& seeds,
                          bool last_first) const {
    const Projections projections(kShape, lengths, seeds, 1.0f);
    const RoundedProjections<BFloat16> batch(projections.view(), kShape);
    ShimDevice device = SmallH100(200, kShape.head_dim);
    device.last_first = last_first;
    return ComputeOnShim(*graph_, kShape, batch, device);
  }

  std::shared_ptr<const graph::AttentionGraph> graph_ =
      BuildOrDie({.nodes = 512, .window = 16, .num_rand = 6, .num_glob = 20});
};

TEST_F(Independence, OfTheOrderOfBlocksAndThreads) {
  const ShimAnswers forwards = ComputeWith({37, 200, 64}, {1, 2, 3}, false);
  const ShimAnswers backwards = ComputeWith({37, 200, 64}, {1, 2, 3}, true);
  EXPECT_EQ(forwards.answers.all, backwards.answers.all);
  EXPECT_EQ(forwards.answers.first, backwards.answers.first);
  EXPECT_EQ(forwards.answers.evidence, backwards.answers.evidence);
}

TEST_F(Independence, OfTheOtherDocuments) {
  const auto tail = [](const std::vector<float>& from, size_t count) {
    return std::vector<float>(from.end() - count, from.end());
  };
  const Answers alone = ComputeWith({64}, {3}, false).answers;
  const Answers last = ComputeWith({37, 200, 64}, {1, 2, 3}, false).answers;
  EXPECT_EQ(alone.all, tail(last.all, alone.all.size()));
  EXPECT_EQ(alone.first, tail(last.first, alone.first.size()));
  EXPECT_EQ(alone.evidence, tail(last.evidence, alone.evidence.size()));
}

// --- What the shim would see of a mistake. ---

TEST(CudaAttention, RacesWithoutAnyOneOfItsBarriers) {
  const DiffusionShape shape = {.heads = 1, .head_dim = 16, .hops = 2};
  // Long enough for two blocks a cluster in FirstTokens.
  const auto graph = BuildOrDie({.nodes = 640, .window = 16, .num_rand = 1, .num_glob = 6});
  const Projections projections(shape, {600}, {1}, 1.0f);
  const RoundedProjections<BFloat16> batch(projections.view(), shape);
  ShimDevice device = SmallH100(600, shape.head_dim);
  const auto barriers = ComputeOnShim(*graph, shape, batch, device).barriers;
  EXPECT_EQ(barriers.size(), 10);
  for (const std::string& barrier : barriers) {
    device.without_barrier = barrier;
    std::vector<std::string> reports;
    for (const bool last_first : {false, true}) {
      device.last_first = last_first;
      const auto found = ComputeOnShim(*graph, shape, batch, device).reports;
      reports.insert(reports.end(), found.begin(), found.end());
    }
    EXPECT_FALSE(reports.empty()) << "no race without the barrier at " << barrier;
  }
}

}  // namespace
}  // namespace diffuser::kernels::cuda
