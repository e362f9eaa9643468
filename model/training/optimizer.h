#ifndef DIFFUSER_MODEL_TRAINING_OPTIMIZER_H_
#define DIFFUSER_MODEL_TRAINING_OPTIMIZER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/training/trainable_model.h"
#include "model/training/training_options.h"

namespace diffuser::training {

// The learning rate of step `step`, counted from 0, of `steps`: linearly up to
// options.learning_rate over the first options.warmup of them, then linearly down to 0.
double LearningRateAt(int64_t step, int64_t steps, const TrainingOptions& options);

// AdamW (Loshchilov and Hutter, 2019) by LibTorch's fused update, with the gradients' common norm
// clipped. Its moments are all that it remembers. Not thread-safe; throws c10::Error.
class Optimizer {
 public:
  // Moments are 0. Keeps the parameters' tensors, which it updates in place.
  Optimizer(const std::vector<Parameter>& parameters, const TrainingOptions& options);

  // The norm of all gradients together; no finite number where one of them is none.
  // REQUIRES: every parameter has a gradient.
  double GradientNorm() const;

  // Updates the parameters from their gradients, whose norm is `gradient_norm`, and clears these.
  // REQUIRES: as above; gradient_norm is finite.
  void Step(double learning_rate, double gradient_norm);

  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps);  // done so far, in a run that is resumed

  // [parameters], of their shapes, to be saved, or written to when a run is resumed.
  const std::vector<at::Tensor>& first_moments() const { return first_moments_; }
  const std::vector<at::Tensor>& second_moments() const { return second_moments_; }

 private:
  // The indices of parameters with the same weight decay.
  struct Group {
    std::vector<size_t> members;
    double weight_decay;
  };

  void Update(const Group& group, double learning_rate) const;

  const TrainingOptions options_;
  std::vector<at::Tensor> parameters_, first_moments_, second_moments_, step_counts_;
  std::vector<Group> groups_;
  int64_t steps_ = 0;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_OPTIMIZER_H_
