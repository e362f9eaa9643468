#include "model/layers/encoder.h"

#include <utility>

namespace diffuser::layers {

Encoder::Encoder(std::shared_ptr<const checkpoint::Checkpoint> checkpoint,
                 std::shared_ptr<const graph::AttentionGraph> graph,
                 std::unique_ptr<const kernels::AttentionKernels> kernels,
                 model::Precision precision)
    : checkpoint_(std::move(checkpoint)),
      graph_(std::move(graph)),
      kernels_(std::move(kernels)),
      embeddings_(*checkpoint_) {
  const int count = checkpoint_->config().num_layers;
  layers_.reserve(count);
  for (int index = 0; index < count; ++index) {
    layers_.emplace_back(*checkpoint_, index, *graph_, *kernels_, precision);
  }
}

at::Tensor Encoder::Encode(const model::PackedBatch& batch, int layers) const {
  at::Tensor x = embeddings_.Forward(batch);
  for (int index = 0; index < layers; ++index) x = layers_[index].Forward(x, batch.offsets());
  return x;
}

FirstTokens Encoder::EncodeFirstTokens(const model::PackedBatch& batch, bool want_evidence) const {
  const at::Tensor x = Encode(batch, static_cast<int>(layers_.size()) - 1);
  return layers_.back().ForwardFirstTokens(x, batch.offsets(), want_evidence);
}

int64_t Encoder::weight_bytes() const {
  const model::ModelConfig& config = checkpoint_->config();
  const int64_t embedding_rows = int64_t{config.vocab_size} + config.max_position_embeddings;
  int64_t bytes = embedding_rows * config.hidden_size * static_cast<int64_t>(sizeof(float));
  for (const EncoderLayer& layer : layers_) bytes += layer.weight_bytes();
  return bytes;
}

}  // namespace diffuser::layers
