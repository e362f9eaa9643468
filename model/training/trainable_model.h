#ifndef DIFFUSER_MODEL_TRAINING_TRAINABLE_MODEL_H_
#define DIFFUSER_MODEL_TRAINING_TRAINABLE_MODEL_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/checkpoint/checkpoint_writer.h"
#include "model/layers/dropout.h"
#include "model/layers/encoder.h"
#include "model/layers/heads.h"
#include "model/layers/parameters.h"
#include "model/model_config.h"
#include "model/packed_batch.h"

namespace diffuser::training {

struct Parameter {
  std::string name;   // in the state dict, without the prefix `diffuser.`
  at::Tensor tensor;  // float32, a leaf that asks for its gradient
};

// The numbers of a float32 tensor, contiguous, for a file. Does not own them.
checkpoint::NamedTensor ToNamedTensor(std::string name, const at::Tensor& tensor);

// Every parameter of one config, in the order of checkpoint::ExpectedTensors.
class TrainableParameters final : public layers::ParameterSource {
 public:
  // As RoBERTa begins: weights from N(0, `deviation`), biases 0, LayerNorm 1 and 0; the padding's
  // embeddings 0. The same numbers for the same seed.
  TrainableParameters(const model::ModelConfig& config, double deviation, uint64_t seed);

  const model::ModelConfig& config() const override { return config_; }
  bool trainable() const override { return true; }
  bool has(std::string_view name) const override { return Find(name) != nullptr; }
  at::Tensor Get(std::string_view name) const override { return Find(name)->tensor; }

  const std::vector<Parameter>& all() const { return parameters_; }

  // Sets the bias of the head's outputs to the logits of `frequencies`, the shares of documents
  // that have each label (for single labels to their logarithms): what a model that knows nothing
  // else should say. Without it the first steps are spent on just that, by way of all parameters at
  // once, and leave a small model with features that hardly depend on the document. REQUIRES: one a
  // label, each in (0, 1).
  void StartAtFrequencies(absl::Span<const double> frequencies);

  // Takes the numbers of a checkpoint: the encoder's, and the head's where the labels are the same
  // ones in the same order.
  // Errors: those of Checkpoint::Open; INVALID_ARGUMENT naming what differs: the number of layers,
  // or a tensor's shape.
  absl::Status CopyFrom(const std::string& checkpoint_dir);

 private:
  const Parameter* Find(std::string_view name) const;

  model::ModelConfig config_;
  std::vector<Parameter> parameters_;
};

// A classifier that is being trained: the encoder of serving on trainable parameters, and the head.
// Its methods throw c10::Error, as LibTorch does. One thread at a time.
class TrainableModel {
 public:
  // Errors: those of AttentionGraph::Build.
  static absl::StatusOr<std::unique_ptr<TrainableModel>> Make(
      std::shared_ptr<const TrainableParameters> parameters);

  // -> [documents, labels], with a gradient; `recompute` as in Encoder. REQUIRES: the batch lives
  // until the backward pass is done.
  at::Tensor TrainingLogits(const model::PackedBatch& batch, const layers::Dropout& dropout,
                            bool recompute) const;

  // -> [documents, labels], as the server computes them in float32, without a gradient.
  at::Tensor Logits(const model::PackedBatch& batch) const;

  const TrainableParameters& parameters() const { return *parameters_; }

 private:
  TrainableModel(std::shared_ptr<const TrainableParameters> parameters,
                 layers::AttentionBackend backend);

  std::shared_ptr<const TrainableParameters> parameters_;
  layers::Encoder encoder_;
  layers::ClassificationHead head_;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_TRAINABLE_MODEL_H_
