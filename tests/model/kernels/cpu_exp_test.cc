#include <cmath>
#include <vector>

#include "gtest/gtest.h"
#include "model/kernels/element.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/model/kernels/cpu_exp_test.cc"
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include "hwy/foreach_target.h"  // compiles this file once per target, from here on
#include "hwy/highway.h"
#include "model/kernels/cpu_exp-inl.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// What stands in the place of each value afterwards. Their number is a multiple of all lanes.
void FineOf(float* values, size_t count) {
  const Floats d;
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(Exp2(hn::LoadU(d, values + i)), d, values + i);
  }
}

// The rough ones, on the one target that has them.
void RoughOf([[maybe_unused]] float* values, [[maybe_unused]] size_t count) {
#if HWY_TARGET == HWY_AVX3
  const Floats d;
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    hn::StoreU(RoughExp2(hn::LoadU(d, values + i)), d, values + i);
  }
#endif
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "tests/model/kernels/kernel_fixture.h"

namespace diffuser::kernels {

HWY_EXPORT(FineOf);
HWY_EXPORT(RoughOf);

namespace {

// Exponents from `low` to 0, densely.
std::vector<float> Exponents(float low) {
  std::vector<float> values(1 << 20);
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = low * static_cast<float>(i) / static_cast<float>(values.size() - 1);
  }
  return values;
}

double LargestRelativeError(const std::vector<float>& exponents, const std::vector<float>& powers) {
  double largest = 0;
  for (size_t i = 0; i < exponents.size(); ++i) {
    const double exact = std::exp2(static_cast<double>(exponents[i]));
    largest = std::max(largest, std::abs(powers[i] / exact - 1));
  }
  return largest;
}

class Exponentials : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { testing::UseTarget(GetParam()); }
  void TearDown() override { testing::UseTarget(0); }
};

TEST_P(Exponentials, KeepTheirBound) {
  const std::vector<float> exponents = Exponents(-114.9f);
  std::vector<float> powers = exponents;
  HWY_DYNAMIC_DISPATCH(FineOf)(powers.data(), powers.size());
  EXPECT_LT(LargestRelativeError(exponents, powers), 2.5e-7);
  EXPECT_NEAR(powers[0], 1.0f, 1.2e-7f);
}

TEST_P(Exponentials, AreZeroFarBelow) {
  std::vector<float> values(64, -1e37f);
  values[1] = -116.0f;
  values[2] = -2e38f;
  HWY_DYNAMIC_DISPATCH(FineOf)(values.data(), values.size());
  EXPECT_EQ(values, std::vector<float>(64, 0.0f));
}

TEST(RoughExponentials, KeepTheirBound) {
  if ((hwy::SupportedTargets() & HWY_AVX3) == 0) GTEST_SKIP() << "only AVX-512 has them";
  const std::vector<float> exponents = Exponents(-125.0f);
  std::vector<float> powers = exponents;
  testing::UseTarget(HWY_AVX3);
  HWY_DYNAMIC_DISPATCH(RoughOf)(powers.data(), powers.size());
  EXPECT_LT(LargestRelativeError(exponents, powers), 7.6e-5);
  std::vector<float> far(64, -1e37f);
  HWY_DYNAMIC_DISPATCH(RoughOf)(far.data(), far.size());
  EXPECT_EQ(far, std::vector<float>(64, 0.0f));
  testing::UseTarget(0);
}

INSTANTIATE_TEST_SUITE_P(Targets, Exponentials,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const auto& test) { return hwy::TargetName(test.param); });

}  // namespace
}  // namespace diffuser::kernels
#endif  // HWY_ONCE
