#ifndef DIFFUSER_MODEL_LAYERS_ENCODER_H_
#define DIFFUSER_MODEL_LAYERS_ENCODER_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "model/checkpoint/checkpoint.h"
#include "model/classifier.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/layers/embeddings.h"
#include "model/layers/encoder_layer.h"
#include "model/packed_batch.h"

namespace diffuser::layers {

// The Diffuser encoder over packed documents, without padding: the one encoder, whatever stands on
// top of it. Its methods throw c10::Error, as LibTorch does; the facade turns that into a Status.
//
// Shares the checkpoint (embeddings stay views of its mapped file) and the graph; owns the kernels.
// Immutable and thread-safe.
class Encoder {
 public:
  // REQUIRES: the graph is the one that the checkpoint's config asks for.
  Encoder(std::shared_ptr<const checkpoint::Checkpoint> checkpoint,
          std::shared_ptr<const graph::AttentionGraph> graph,
          std::unique_ptr<const kernels::AttentionKernels> kernels, model::Precision precision);

  // The hidden states [T, hidden] after the first `layers` layers; 0 gives the embeddings' output.
  // REQUIRES: 0 <= layers <= config().num_layers.
  at::Tensor Encode(const model::PackedBatch& batch, int layers) const;

  // The hidden state of every document's first token after all layers, [documents, hidden], with
  // the last layer run backwards from it; and the evidence where it is wanted.
  FirstTokens EncodeFirstTokens(const model::PackedBatch& batch, bool want_evidence) const;

  const checkpoint::Checkpoint& checkpoint() const { return *checkpoint_; }
  const Embeddings& embeddings() const { return embeddings_; }
  int64_t weight_bytes() const;

 private:
  std::shared_ptr<const checkpoint::Checkpoint> checkpoint_;
  std::shared_ptr<const graph::AttentionGraph> graph_;
  std::unique_ptr<const kernels::AttentionKernels> kernels_;
  Embeddings embeddings_;
  std::vector<EncoderLayer> layers_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_ENCODER_H_
