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
using ::testing::IsEmpty;
using testing::ComputeOnShim;
using testing::kWithClusters;
using testing::kWithoutClusters;
using testing::RoundedProjections;
using testing::ShimAnswers;
using testing::ShimDevice;

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

TEST_P(Generated, MatchesTheReferenceInBFloat16WithClusters) {
  ExpectMatchesReference<BFloat16>(GetParam(), kWithClusters);
}

TEST_P(Generated, MatchesTheReferenceInFloat16WithoutClusters) {
  ExpectMatchesReference<Float16>(GetParam(), kWithoutClusters);
}

INSTANTIATE_TEST_SUITE_P(CudaAttention, Generated, ::testing::ValuesIn(Cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace diffuser::kernels::cuda
