#include "model/layers/encoder.h"

#include <utility>

#include "model/layers/recompute.h"
#include "model/profile.h"

namespace diffuser::layers {

Encoder::Encoder(std::shared_ptr<const ParameterSource> parameters, AttentionBackend backend,
                 model::Precision precision)
    : parameters_(std::move(parameters)),
      backend_(std::make_unique<const AttentionBackend>(std::move(backend))),
      embeddings_(*parameters_),
      precision_(parameters_->trainable() ? model::Precision::kFloat32 : precision) {
  const int count = parameters_->config().num_layers;
  layers_.reserve(count);
  for (int index = 0; index < count; ++index) {
    layers_.emplace_back(*parameters_, index, *backend_, precision);
  }
}

HiddenStates Encoder::EncodeStates(const model::PackedBatch& batch, int layers) const {
  model::PartTimer timer;
  HiddenStates x = embeddings_.Forward(batch, ProjectionPrecision(precision_));
  timer.Count(model::Part::kEmbeddings);
  for (int index = 0; index < layers; ++index) layers_[index].Forward(x, batch.offsets());
  return x;
}

at::Tensor Encoder::Encode(const model::PackedBatch& batch, int layers) const {
  return EncodeStates(batch, layers).residual;
}

FirstTokens Encoder::EncodeFirstTokens(const model::PackedBatch& batch, bool want_evidence) const {
  const HiddenStates x = EncodeStates(batch, static_cast<int>(layers_.size()) - 1);
  model::PartTimer timer;
  FirstTokens first = layers_.back().ForwardFirstTokens(x, batch.offsets(), want_evidence);
  timer.Count(model::Part::kLastLayer);
  return first;
}

at::Tensor Encoder::EncodeFirstTokensForTraining(const model::PackedBatch& batch,
                                                 const Dropout& dropout, bool recompute) const {
  at::Tensor x = embeddings_.ForwardForTraining(batch, dropout);
  Dropout of_layer = dropout;
  for (const EncoderLayer& layer : layers_) {
    ++of_layer.seed;
    const auto run = [&layer, &batch, of_layer,
                      last = &layer == &layers_.back()](const at::Tensor& input) {
      return last ? layer.ForwardFirstTokensForTraining(input, batch.offsets(), of_layer)
                  : layer.ForwardForTraining(input, batch.offsets(), of_layer);
    };
    x = recompute ? Recompute(x, run) : run(x);
  }
  return x;
}

int64_t Encoder::weight_bytes() const {
  const model::ModelConfig& config = parameters_->config();
  const int64_t embedding_rows = int64_t{config.vocab_size} + config.max_position_embeddings;
  int64_t bytes = embedding_rows * config.hidden_size * static_cast<int64_t>(sizeof(float));
  for (const EncoderLayer& layer : layers_) bytes += layer.weight_bytes();
  return bytes;
}

}  // namespace diffuser::layers
