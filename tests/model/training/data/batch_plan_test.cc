#include "model/training/data/batch_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<int64_t> RandomLengths(int count) {
  std::mt19937_64 random(7);
  std::vector<int64_t> lengths;
  for (int i = 0; i < count; ++i) lengths.push_back(1 + static_cast<int64_t>(random() % 150));
  return lengths;
}

TEST(PackBatches, FillsEachBatchUpToTheBudget) {
  const std::vector<int64_t> order = {0, 1, 2, 3};
  const std::vector<int64_t> lengths = {4, 6, 1, 10};
  EXPECT_THAT(PackBatches(order, lengths, 10),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2), ElementsAre(3)));
}

TEST(PackBatches, GivesALongDocumentABatchOfItsOwn) {
  const std::vector<int64_t> order = {0, 1, 2};
  const std::vector<int64_t> lengths = {2, 50, 2};
  EXPECT_THAT(PackBatches(order, lengths, 10),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2)));
  EXPECT_THAT(PackBatches({}, lengths, 10), IsEmpty());
}

TEST(BatchPlan, HasEveryDocumentOnceAnEpochWithinTheBudget) {
  const std::vector<int64_t> lengths = RandomLengths(1000);
  const BatchPlan plan(lengths, 100, 3);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    std::vector<int> seen(lengths.size());
    for (const BatchRows& batch : plan.Epoch(epoch)) {
      ASSERT_FALSE(batch.empty());
      int64_t tokens = 0;
      for (const int64_t row : batch) {
        ++seen[row];
        tokens += lengths[row];
      }
      EXPECT_TRUE(tokens <= 100 || batch.size() == 1);
    }
    EXPECT_TRUE(std::all_of(seen.begin(), seen.end(), [](int count) { return count == 1; }));
  }
}

TEST(BatchPlan, DependsOnSeedAndEpochAlone) {
  const std::vector<int64_t> lengths = RandomLengths(100);
  const BatchPlan plan(lengths, 100, 3);
  EXPECT_EQ(plan.Epoch(5), BatchPlan(lengths, 100, 3).Epoch(5));
  EXPECT_NE(plan.Epoch(5), plan.Epoch(6));
  EXPECT_NE(plan.Epoch(5), BatchPlan(lengths, 100, 4).Epoch(5));
}

TEST(ShuffledOrder, IsTheSameOnEveryMachine) {
  EXPECT_THAT(ShuffledOrder(8, 1, 2), ElementsAre(0, 2, 3, 1, 5, 7, 4, 6));
  EXPECT_THAT(ShuffledOrder(0, 1, 2), IsEmpty());
  EXPECT_THAT(ShuffledOrder(1, 1, 2), ElementsAre(0));
}

TEST(ShuffledOrder, PutsEachNumberAnywhereAsOften) {
  constexpr int kRuns = 6000;
  std::vector<std::vector<int>> counts(3, std::vector<int>(3));
  for (int run = 0; run < kRuns; ++run) {
    const auto order = ShuffledOrder(3, 0, run);
    for (int place = 0; place < 3; ++place) ++counts[order[place]][place];
  }
  // Six standard deviations of a count around its mean.
  for (const auto& row : counts) {
    for (const int count : row) EXPECT_NEAR(count, kRuns / 3, 220);
  }
}

}  // namespace
}  // namespace diffuser::training
