#ifndef DIFFUSER_MODEL_LAYERS_ENCODER_H_
#define DIFFUSER_MODEL_LAYERS_ENCODER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "model/classifier.h"
#include "model/layers/diffusion_attention.h"
#include "model/layers/dropout.h"
#include "model/layers/embeddings.h"
#include "model/layers/encoder_layer.h"
#include "model/layers/parameters.h"
#include "model/packed_batch.h"

namespace diffuser::layers {

// The Diffuser encoder over packed documents, without padding: the one encoder, for serving and for
// training, whatever stands on top of it. Its methods throw c10::Error, as LibTorch does; the
// facade turns that into a Status.
//
// Shares the parameters (embeddings of a checkpoint stay views of its mapped file); owns the
// backend. Immutable and thread-safe.
class Encoder {
 public:
  // `precision` is that of the dense layers, where the parameters are not being trained.
  // REQUIRES: the graph is the one that the config asks for.
  Encoder(std::shared_ptr<const ParameterSource> parameters, AttentionBackend backend,
          model::Precision precision);

  // The hidden states [T, hidden], float32, after the first `layers` layers; 0 gives the
  // embeddings' output. REQUIRES: 0 <= layers <= config().num_layers.
  at::Tensor Encode(const model::PackedBatch& batch, int layers) const;

  // The hidden state of every document's first token after all layers, [documents, hidden], with
  // the last layer run backwards from it; and the evidence where it is wanted.
  FirstTokens EncodeFirstTokens(const model::PackedBatch& batch, bool want_evidence) const;

  // The same hidden states in training, with dropout and a gradient; `recompute`: each layer keeps
  // its input alone and runs again in the backward pass, to the same bits. REQUIRES: trainable
  // parameters, and training kernels in the backend; the encoder and the batch live until the
  // backward pass is done.
  at::Tensor EncodeFirstTokensForTraining(const model::PackedBatch& batch, const Dropout& dropout,
                                          bool recompute) const;

  const ParameterSource& parameters() const { return *parameters_; }
  const Embeddings& embeddings() const { return embeddings_; }
  int64_t weight_bytes() const;

 private:
  HiddenStates EncodeStates(const model::PackedBatch& batch, int layers) const;

  std::shared_ptr<const ParameterSource> parameters_;
  std::unique_ptr<const AttentionBackend> backend_;  // where layers find it, wherever this moves
  Embeddings embeddings_;
  std::vector<EncoderLayer> layers_;
  model::Precision precision_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_ENCODER_H_
