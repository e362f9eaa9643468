#include "tests/bench/statistics.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::bench {
namespace {

using ::testing::DoubleEq;
using ::testing::ElementsAre;

TEST(Median, IsTheMiddleSample) {
  EXPECT_DOUBLE_EQ(Median({5}), 5);
  EXPECT_DOUBLE_EQ(Median({9, 1, 2}), 2);
}

TEST(Median, IsTheMeanOfTheTwoMiddleSamples) { EXPECT_DOUBLE_EQ(Median({8, 1, 2, 4}), 3); }

TEST(Summarize, KeepsTheSpread) {
  const Summary summary = Summarize({3, 1, 2, 10});
  EXPECT_DOUBLE_EQ(summary.median, 2.5);
  EXPECT_DOUBLE_EQ(summary.least, 1);
  EXPECT_DOUBLE_EQ(summary.most, 10);
}

TEST(Ratios, ComparesWhatWasMeasuredInTheSameRepetition) {
  EXPECT_THAT(Ratios({2, 9, 4}, {1, 3, 8}), ElementsAre(DoubleEq(2), DoubleEq(3), DoubleEq(0.5)));
  // A machine that is twice as slow for a while changes no ratio.
  EXPECT_DOUBLE_EQ(Median(Ratios({2, 4, 4}, {1, 2, 2})), 2);
}

}  // namespace
}  // namespace diffuser::bench
