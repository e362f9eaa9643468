#include "server/metrics/nvml.h"

#include <gtest/gtest.h>

namespace diffuser::metrics {
namespace {

constexpr char kDriver[] = DIFFUSER_FAKE_NVIDIA_DRIVER;

TEST(Nvml, GivesTheUtilizationOfACudaDevice) {
  const auto nvml = Nvml::Open({.nvml = kDriver, .cuda = kDriver});
  ASSERT_NE(nvml, nullptr);
  EXPECT_EQ(nvml->Utilization(0), 0.75);
  EXPECT_EQ(nvml->Utilization(1), 0.0);
}

TEST(Nvml, SaysNothingOfADeviceThatIsNotThere) {
  const auto nvml = Nvml::Open({.nvml = kDriver, .cuda = kDriver});
  ASSERT_NE(nvml, nullptr);
  EXPECT_EQ(nvml->Utilization(2), std::nullopt);
}

TEST(Nvml, CanBeOpenedAgain) {
  Nvml::Open({.nvml = kDriver, .cuda = kDriver}).reset();
  EXPECT_EQ(Nvml::Open({.nvml = kDriver, .cuda = kDriver})->Utilization(0), 0.75);
}

TEST(Nvml, IsNotThereWithoutItsLibraries) {
  EXPECT_EQ(Nvml::Open({.nvml = "libno-such-library.so.1", .cuda = kDriver}), nullptr);
  EXPECT_EQ(Nvml::Open({.nvml = kDriver, .cuda = "libno-such-library.so.1"}), nullptr);
}

TEST(Nvml, IsNotThereWhereALibraryLacksWhatIsNeeded) {
  EXPECT_EQ(Nvml::Open({.nvml = "libm.so.6", .cuda = kDriver}), nullptr);
}

}  // namespace
}  // namespace diffuser::metrics
