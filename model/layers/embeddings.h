#ifndef DIFFUSER_MODEL_LAYERS_EMBEDDINGS_H_
#define DIFFUSER_MODEL_LAYERS_EMBEDDINGS_H_

#include <ATen/core/Tensor.h>

#include "model/layers/dropout.h"
#include "model/layers/layer_norm.h"
#include "model/layers/parameters.h"
#include "model/layers/rows.h"
#include "model/packed_batch.h"

namespace diffuser::layers {

// LayerNorm(word + position + token type 0). The i-th token of a document has position
// pad_token_id + 1 + i, as in RoBERTa. Immutable and thread-safe; must not outlive the parameters.
class Embeddings {
 public:
  explicit Embeddings(const ParameterSource& parameters);

  // -> [T, hidden], as the first layer takes them.
  HiddenStates Forward(const model::PackedBatch& batch, model::Precision precision) const;

  // -> [T, hidden], float32, with a gradient.
  at::Tensor ForwardForTraining(const model::PackedBatch& batch, const Dropout& dropout) const;

  const at::Tensor& word_embeddings() const { return word_; }  // [vocab, hidden]

 private:
  at::Tensor word_, position_, token_type_;
  LayerNorm norm_;
  int first_position_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_EMBEDDINGS_H_
