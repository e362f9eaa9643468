#include "client/cli/latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace diffuser::cli {
namespace {

std::vector<double> OneTo(int last) {
  std::vector<double> values(last);
  std::iota(values.begin(), values.end(), 1.0);
  return values;
}

TEST(Percentile, IsTheNearestRank) {
  EXPECT_EQ(Percentile({7}, 0.5), 7);
  EXPECT_EQ(Percentile({7}, 0.99), 7);
  EXPECT_EQ(Percentile({1, 2}, 0.5), 1);
  EXPECT_EQ(Percentile({1, 2}, 0.51), 2);
  EXPECT_EQ(Percentile(OneTo(10), 0.9), 9);
  EXPECT_EQ(Percentile(OneTo(10), 0.99), 10);
  EXPECT_EQ(Percentile(OneTo(100), 0.99), 99);
  EXPECT_EQ(Percentile(OneTo(1000), 0.99), 990);
  EXPECT_EQ(Percentile(OneTo(1000), 1), 1000);
}

TEST(Percentile, IsNotMovedByRoundingForAnyCount) {
  for (int count = 100; count <= 5000; count += 100) {
    EXPECT_EQ(Percentile(OneTo(count), 0.99), count / 100 * 99) << count;
    EXPECT_EQ(Percentile(OneTo(count), 0.9), count / 10 * 9) << count;
  }
}

TEST(Summarize, SortsAndTakesAll) {
  std::vector<double> values = OneTo(100);
  std::reverse(values.begin(), values.end());
  const LatencySummary summary = Summarize(values);
  EXPECT_EQ(summary.p50, 50);
  EXPECT_EQ(summary.p90, 90);
  EXPECT_EQ(summary.p99, 99);
  EXPECT_EQ(summary.max, 100);
  EXPECT_EQ(summary.mean, 50.5);
}

TEST(Summarize, OfNothingIsZero) {
  EXPECT_EQ(Summarize({}).p99, 0);
  EXPECT_EQ(Summarize({}).mean, 0);
}

}  // namespace
}  // namespace diffuser::cli
