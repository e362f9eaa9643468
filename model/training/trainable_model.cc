#include "model/training/trainable_model.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <cstddef>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/state_dict.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/training_kernels.h"

namespace diffuser::training {
namespace {

// All but `deviation` and the generator's state is a function of the tensor's name.
at::Tensor InitialValue(const checkpoint::ExpectedTensor& expected, int pad_token_id,
                        double deviation, const at::Generator& generator) {
  at::Tensor value = at::empty(expected.shape, at::kFloat);
  if (absl::EndsWith(expected.name, "bias")) return value.zero_();
  if (absl::StrContains(expected.name, "LayerNorm")) return value.fill_(1.0);
  value.normal_(0.0, deviation, generator);
  if (absl::EndsWith(expected.name, "word_embeddings.weight") ||
      absl::EndsWith(expected.name, "position_embeddings.weight")) {
    value.select(0, pad_token_id).zero_();
  }
  return value;
}

bool IsHead(const Parameter& parameter) { return absl::StartsWith(parameter.name, "classifier."); }

}  // namespace

checkpoint::NamedTensor ToNamedTensor(std::string name, const at::Tensor& tensor) {
  return {std::move(name),
          tensor.sizes().vec(),
          {tensor.const_data_ptr<float>(), static_cast<size_t>(tensor.numel())}};
}

TrainableParameters::TrainableParameters(const model::ModelConfig& config, double deviation,
                                         uint64_t seed)
    : config_(config) {
  const at::Generator generator = at::detail::createCPUGenerator(seed);
  for (const checkpoint::ExpectedTensor& expected : checkpoint::ExpectedTensors(config)) {
    at::Tensor value = InitialValue(expected, config.pad_token_id, deviation, generator);
    parameters_.push_back({expected.name, value.set_requires_grad(true)});
  }
}

const Parameter* TrainableParameters::Find(std::string_view name) const {
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) return &parameter;
  }
  return nullptr;
}

void TrainableParameters::StartAtFrequencies(absl::Span<const double> frequencies) {
  const at::NoGradGuard no_gradient;
  const bool multi = config_.problem_type == model::ProblemType::kMultiLabel;
  float* bias = Get("classifier.out_proj.bias").mutable_data_ptr<float>();
  for (const double frequency : frequencies) {
    const double other = multi ? 1.0 - frequency : 1.0;
    *bias++ = static_cast<float>(std::log(frequency / other));
  }
}

absl::Status TrainableParameters::CopyFrom(const std::string& checkpoint_dir) {
  const auto checkpoint = checkpoint::Checkpoint::Open(checkpoint_dir);
  if (!checkpoint.ok()) return checkpoint.status();
  const int layers = (*checkpoint)->config().num_layers;
  if (layers != config_.num_layers) {
    return absl::InvalidArgumentError(absl::StrCat(checkpoint_dir, " has ", layers,
                                                   " layers; expected ", config_.num_layers,
                                                   ", as the config asks for"));
  }
  const bool same_labels = (*checkpoint)->config().labels == config_.labels;
  const at::NoGradGuard no_gradient;
  for (const Parameter& parameter : parameters_) {
    // A masked-LM checkpoint has no such head at all.
    if (IsHead(parameter) && !(same_labels && (*checkpoint)->has(parameter.name))) continue;
    const checkpoint::Tensor& stored = (*checkpoint)->tensor(parameter.name);
    if (parameter.tensor.sizes() != at::IntArrayRef(stored.shape)) {
      return absl::InvalidArgumentError(
          absl::StrCat(checkpoint_dir, ": ", parameter.name, " is [",
                       absl::StrJoin(stored.shape, ", "), "]; expected [",
                       absl::StrJoin(parameter.tensor.sizes(), ", "), "], as the config asks for"));
    }
    at::Tensor values = parameter.tensor;
    stored.CopyTo({values.mutable_data_ptr<float>(), static_cast<size_t>(values.numel())});
  }
  return absl::OkStatus();
}

TrainableModel::TrainableModel(std::shared_ptr<const TrainableParameters> parameters,
                               layers::AttentionBackend backend)
    : parameters_(std::move(parameters)),
      encoder_(parameters_, std::move(backend), model::Precision::kFloat32),
      head_(*parameters_) {}

absl::StatusOr<std::unique_ptr<TrainableModel>> TrainableModel::Make(
    std::shared_ptr<const TrainableParameters> parameters) {
  const model::ModelConfig& config = parameters->config();
  auto graph = graph::AttentionGraph::Build({.nodes = model::kGraphNodes,
                                             .window = config.attention_window,
                                             .num_rand = config.num_rand,
                                             .num_glob = config.num_glob});
  if (!graph.ok()) return graph.status();
  auto kernels = kernels::MakeAttentionKernels("cpu");
  if (!kernels.ok()) return kernels.status();
  auto training_kernels = kernels::MakeTrainingKernels("cpu");
  if (!training_kernels.ok()) return training_kernels.status();
  return std::unique_ptr<TrainableModel>(
      new TrainableModel(std::move(parameters),
                         {*std::move(graph), *std::move(kernels), *std::move(training_kernels)}));
}

at::Tensor TrainableModel::TrainingLogits(const model::PackedBatch& batch,
                                          const layers::Dropout& dropout, bool recompute) const {
  return head_.Forward(encoder_.EncodeFirstTokensForTraining(batch, dropout, recompute), dropout);
}

at::Tensor TrainableModel::Logits(const model::PackedBatch& batch) const {
  const at::NoGradGuard no_gradient;
  return head_.Forward(encoder_.EncodeFirstTokens(batch, /*want_evidence=*/false).hidden);
}

}  // namespace diffuser::training
