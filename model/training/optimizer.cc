#include "model/training/optimizer.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

namespace diffuser::training {

double LearningRateAt(int64_t step, int64_t steps, const TrainingOptions& options) {
  const double rising = std::max(1.0, std::floor(options.warmup * static_cast<double>(steps)));
  const double done = static_cast<double>(step) + 1.0;
  if (done <= rising) return options.learning_rate * done / rising;
  const double falling = static_cast<double>(steps) - rising + 1.0;
  return options.learning_rate * std::max(0.0, (static_cast<double>(steps) - done + 1.0) / falling);
}

Optimizer::Optimizer(const std::vector<Parameter>& parameters, const TrainingOptions& options)
    : options_(options), groups_{{{}, options.weight_decay}, {{}, 0.0}} {
  for (size_t index = 0; index < parameters.size(); ++index) {
    const at::Tensor& tensor = parameters[index].tensor;
    parameters_.push_back(tensor);
    first_moments_.push_back(at::zeros_like(tensor.detach()));
    second_moments_.push_back(at::zeros_like(tensor.detach()));
    step_counts_.push_back(at::full({}, 0.0, at::kFloat));
    groups_[tensor.dim() > 1 ? 0 : 1].members.push_back(index);  // biases and LayerNorm: no decay
  }
}

void Optimizer::set_steps(int64_t steps) {
  steps_ = steps;
  for (at::Tensor& count : step_counts_) count.fill_(static_cast<double>(steps));
}

double Optimizer::GradientNorm() const {
  double squares = 0.0;
  for (const at::Tensor& parameter : parameters_) {
    const double norm = at::linalg_vector_norm(parameter.grad()).item<double>();
    squares += norm * norm;
  }
  return std::sqrt(squares);
}

void Optimizer::Update(const Group& group, double learning_rate) const {
  std::vector<at::Tensor> parameters, gradients, first, second, counts;
  for (const size_t index : group.members) {
    parameters.push_back(parameters_[index]);
    gradients.push_back(parameters_[index].grad());
    first.push_back(first_moments_[index]);
    second.push_back(second_moments_[index]);
    counts.push_back(step_counts_[index]);
  }
  at::_fused_adamw_(parameters, gradients, first, second, /*max_exp_avg_sqs=*/{}, counts,
                    learning_rate, options_.adam_beta1, options_.adam_beta2, group.weight_decay,
                    options_.adam_epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

void Optimizer::Step(double learning_rate, double gradient_norm) {
  const at::NoGradGuard no_gradient;
  if (options_.max_gradient_norm > 0.0 && gradient_norm > options_.max_gradient_norm) {
    for (const at::Tensor& parameter : parameters_) {
      parameter.grad().mul_(options_.max_gradient_norm / gradient_norm);
    }
  }
  ++steps_;
  for (at::Tensor& count : step_counts_) count.fill_(static_cast<double>(steps_));
  for (const Group& group : groups_) Update(group, learning_rate);
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad().reset();
}

}  // namespace diffuser::training
