#ifndef DIFFUSER_TESTS_MODEL_KERNELS_KERNEL_FIXTURE_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_KERNEL_FIXTURE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "hwy/targets.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::testing {

inline std::vector<uint32_t> Seeds(size_t count) {
  std::vector<uint32_t> seeds(count);
  std::iota(seeds.begin(), seeds.end(), 100);
  return seeds;
}

inline float Largest(const std::vector<float>& values) {
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

// bound = absolute + relative * magnitude
inline void ExpectWithin(float relative, const std::vector<float>& actual,
                         const std::vector<float>& expected, const char* what) {
  ASSERT_EQ(actual.size(), expected.size());
  const float bound = 1e-9f + relative * Largest(expected);
  for (size_t i = 0; i < actual.size(); ++i) {
    ASSERT_NEAR(actual[i], expected[i], bound) << what << " at " << i;
  }
}

// Has Highway use one of its targets alone; 0 goes back to the widest.
inline void UseTarget(int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// A generated case with its graph and batch; Highway is back at the widest target after each test.
class CaseTest : public ::testing::TestWithParam<KernelCase> {
 protected:
  void SetUp() override { graph_ = BuildOrDie(GetParam().graph); }
  void TearDown() override { UseTarget(0); }

  Projections Batch(Element element) const {
    return Projections(GetParam().shape, GetParam().lengths, Seeds(GetParam().lengths.size()),
                       GetParam().magnitude, element);
  }

  Answers ComputeWith(const char* kernels, const Projections& batch) const {
    return Compute(*KernelsOrDie(kernels), *graph_, GetParam().shape, batch, Serial);
  }

  std::shared_ptr<const graph::AttentionGraph> graph_;
};

}  // namespace diffuser::kernels::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_KERNEL_FIXTURE_H_
