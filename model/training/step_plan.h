#ifndef DIFFUSER_MODEL_TRAINING_STEP_PLAN_H_
#define DIFFUSER_MODEL_TRAINING_STEP_PLAN_H_

#include <cstdint>
#include <vector>

#include "model/training/data/batch_plan.h"
#include "model/training/data/tokenized_dataset.h"
#include "model/training/training_options.h"

namespace diffuser::training {

// Which batches each step of a run takes: a function of the data, the options and the step alone,
// so that a run can go on from any step. Not thread-safe.
class StepPlan {
 public:
  StepPlan(const TokenizedDataset& data, const TrainingOptions& options);

  int64_t steps() const { return steps_; }  // of the whole run

  // The batches of step `step`, counted from 0: `accumulation` of them, fewer at an epoch's end.
  // REQUIRES: 0 <= step < steps().
  std::vector<BatchRows> Step(int64_t step);

  // Epochs done after `step` steps, with the part of the one that is begun.
  double EpochsAfter(int64_t step) const;

  // Whether an epoch ends with the step that makes it `step` steps.
  bool EndsEpoch(int64_t step) const;

 private:
  int64_t EpochOf(int64_t step) const;

  const BatchPlan batches_;
  const int64_t accumulation_;
  std::vector<int64_t> first_steps_ = {0};  // [epochs + 1]
  int64_t steps_ = 0;
  int64_t loaded_epoch_ = -1;
  std::vector<BatchRows> loaded_;  // the batches of that epoch
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_STEP_PLAN_H_
