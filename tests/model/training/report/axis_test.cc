#include "model/training/report/axis.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

TEST(EncloseRange, TakesTheFinestRoundStepOfFewEnoughTicks) {
  EXPECT_THAT(EncloseRange(0, 100, 7).ticks, ElementsAre(0, 20, 40, 60, 80, 100));
  EXPECT_THAT(EncloseRange(0, 100, 5).ticks, ElementsAre(0, 50, 100));
  EXPECT_THAT(EncloseRange(0, 7000, 8).ticks,
              ElementsAre(0, 1000, 2000, 3000, 4000, 5000, 6000, 7000));
}

TEST(EncloseRange, RoundsItsEndsOutwards) {
  const Axis axis = EncloseRange(0.62, 0.97, 7);
  EXPECT_THAT(axis.ticks, Pointwise(DoubleNear(1e-12), {0.6, 0.7, 0.8, 0.9, 1.0}));
  EXPECT_DOUBLE_EQ(axis.low, 0.6);
  EXPECT_DOUBLE_EQ(axis.high, 1.0);
}

TEST(EncloseRange, StandsASingleValueInTheMiddle) {
  const Axis axis = EncloseRange(5, 5, 7);
  EXPECT_LT(axis.low, 5);
  EXPECT_GT(axis.high, 5);
  EXPECT_LT(EncloseRange(0, 0, 7).low, 0);
}

TEST(EncloseRange, EnclosesEveryRange) {
  for (const double low : {-1e9, -3.0, 0.0, 1e-7, 12.0}) {
    for (const double length : {0.0, 1e-12, 1e-6, 0.7, 3.0, 1e12}) {
      const Axis axis = EncloseRange(low, low + length, 7);
      EXPECT_LE(axis.low, low + 1e-9 * length);
      EXPECT_GE(axis.high, low + length - 1e-9 * length);
      EXPECT_LT(axis.low, axis.high);
      EXPECT_LE(axis.ticks.size(), 7u);
      EXPECT_GE(axis.ticks.size(), 2u);
    }
  }
}

}  // namespace
}  // namespace diffuser::training
