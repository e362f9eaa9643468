#include "model/training/step_plan.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"
#include "tests/model/training/small_job.h"

namespace diffuser::training {
namespace {

using testing::SmallDataset;

std::vector<int64_t> RowsOf(StepPlan& plan, int64_t first, int64_t last) {
  std::vector<int64_t> rows;
  for (int64_t step = first; step < last; ++step) {
    for (const BatchRows& batch : plan.Step(step)) {
      rows.insert(rows.end(), batch.begin(), batch.end());
    }
  }
  return rows;
}

class StepPlanTest : public ::testing::Test {
 protected:
  StepPlanTest() {
    options_.epochs = 3;
    options_.batch_tokens = 100;
    options_.accumulation = 2;
  }

  TokenizedDataset data_ = SmallDataset(31);
  TrainingOptions options_;
};

TEST_F(StepPlanTest, TakesEveryRowOnceAnEpoch) {
  StepPlan plan(data_, options_);
  int64_t begin = 0;
  int epochs = 0;
  for (int64_t step = 1; step <= plan.steps(); ++step) {
    if (!plan.EndsEpoch(step)) continue;
    std::vector<int64_t> rows = RowsOf(plan, begin, step);
    std::sort(rows.begin(), rows.end());
    ASSERT_EQ(rows.size(), 31u);
    for (int64_t row = 0; row < 31; ++row) EXPECT_EQ(rows[row], row);
    begin = step;
    ++epochs;
  }
  EXPECT_EQ(epochs, 3);
  EXPECT_EQ(begin, plan.steps());
}

TEST_F(StepPlanTest, GivesTheSameStepWhicheverCameBefore) {
  StepPlan in_order(data_, options_);
  RowsOf(in_order, 0, in_order.steps() - 1);
  StepPlan at_once(data_, options_);
  const int64_t last = at_once.steps() - 1;
  EXPECT_EQ(RowsOf(in_order, last, last + 1), RowsOf(at_once, last, last + 1));
}

TEST_F(StepPlanTest, TakesAtMostAccumulationBatchesAStep) {
  StepPlan plan(data_, options_);
  for (int64_t step = 0; step < plan.steps(); ++step) {
    EXPECT_GE(plan.Step(step).size(), 1u);
    EXPECT_LE(plan.Step(step).size(), 2u);
  }
}

TEST_F(StepPlanTest, EndsAtMaxSteps) {
  options_.max_steps = 2;
  EXPECT_EQ(StepPlan(data_, options_).steps(), 2);
}

TEST_F(StepPlanTest, CountsEpochs) {
  const StepPlan plan(data_, options_);
  EXPECT_DOUBLE_EQ(plan.EpochsAfter(0), 0.0);
  EXPECT_DOUBLE_EQ(plan.EpochsAfter(plan.steps()), 3.0);
}

}  // namespace
}  // namespace diffuser::training
