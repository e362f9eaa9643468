#ifndef DIFFUSER_MODEL_LAYERS_PARAMETERS_H_
#define DIFFUSER_MODEL_LAYERS_PARAMETERS_H_

#include <ATen/core/Tensor.h>

#include <memory>
#include <string_view>

#include "model/checkpoint/checkpoint.h"
#include "model/model_config.h"

namespace diffuser::layers {

// Where layers get their parameters from, by their names in the state dict without the prefix
// `diffuser.`. Its tensors are float32 and must not outlive it. Thread-safe.
class ParameterSource {
 public:
  virtual ~ParameterSource() = default;

  virtual const model::ModelConfig& config() const = 0;

  // Whether the parameters are being trained. Layers then compute with the tensors themselves, by
  // operators that have gradients, and prepack nothing.
  virtual bool trainable() const = 0;

  virtual bool has(std::string_view name) const = 0;

  // REQUIRES: has(name).
  virtual at::Tensor Get(std::string_view name) const = 0;
};

// The parameters of a checkpoint, for serving: views of its mapped file where that holds aligned
// float32, so they must not be written to; widened copies otherwise.
class CheckpointParameters : public ParameterSource {
 public:
  explicit CheckpointParameters(std::shared_ptr<const checkpoint::Checkpoint> checkpoint);

  const model::ModelConfig& config() const override { return checkpoint_->config(); }
  bool trainable() const override { return false; }
  bool has(std::string_view name) const override { return checkpoint_->has(name); }
  at::Tensor Get(std::string_view name) const override;

 private:
  std::shared_ptr<const checkpoint::Checkpoint> checkpoint_;
};

// The same, of which nothing is prepacked: for a few documents at the cost of no memory.
class UnpackedParameters final : public CheckpointParameters {
 public:
  using CheckpointParameters::CheckpointParameters;
  bool trainable() const override { return true; }
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_PARAMETERS_H_
