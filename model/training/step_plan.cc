#include "model/training/step_plan.h"

#include <algorithm>

namespace diffuser::training {

StepPlan::StepPlan(const TokenizedDataset& data, const TrainingOptions& options)
    : batches_(data.lengths(), options.batch_tokens, options.seed),
      accumulation_(options.accumulation) {
  for (int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    const int64_t batches = static_cast<int64_t>(batches_.Epoch(epoch).size());
    first_steps_.push_back(first_steps_.back() + (batches + accumulation_ - 1) / accumulation_);
    if (options.max_steps > 0 && first_steps_.back() >= options.max_steps) break;
  }
  steps_ = first_steps_.back();
  if (options.max_steps > 0) steps_ = std::min(steps_, options.max_steps);
}

int64_t StepPlan::EpochOf(int64_t step) const {
  return std::upper_bound(first_steps_.begin(), first_steps_.end(), step) - first_steps_.begin() -
         1;
}

std::vector<BatchRows> StepPlan::Step(int64_t step) {
  const int64_t epoch = EpochOf(step);
  if (epoch != loaded_epoch_) {
    loaded_ = batches_.Epoch(epoch);
    loaded_epoch_ = epoch;
  }
  const size_t first = (step - first_steps_[epoch]) * accumulation_;
  const size_t last = std::min(loaded_.size(), first + static_cast<size_t>(accumulation_));
  return {loaded_.begin() + first, loaded_.begin() + last};
}

double StepPlan::EpochsAfter(int64_t step) const {
  const int64_t epoch = std::min(EpochOf(step), static_cast<int64_t>(first_steps_.size()) - 2);
  const int64_t length = first_steps_[epoch + 1] - first_steps_[epoch];
  return static_cast<double>(epoch) +
         static_cast<double>(step - first_steps_[epoch]) / static_cast<double>(length);
}

bool StepPlan::EndsEpoch(int64_t step) const {
  return std::binary_search(first_steps_.begin(), first_steps_.end(), step);
}

}  // namespace diffuser::training
