#ifndef DIFFUSER_MODEL_LAYERS_HEADS_H_
#define DIFFUSER_MODEL_LAYERS_HEADS_H_

#include <ATen/core/Tensor.h>

#include "model/layers/dropout.h"
#include "model/layers/embeddings.h"
#include "model/layers/layer_norm.h"
#include "model/layers/linear.h"
#include "model/layers/parameters.h"

namespace diffuser::layers {

// logits = out_proj(tanh(dense(x))) of each document's first token. Always float32: its cost is
// nothing, and the answers hang on it. Immutable and thread-safe.
class ClassificationHead {
 public:
  // REQUIRES: the config has a classification head.
  explicit ClassificationHead(const ParameterSource& parameters);

  // [documents, hidden] -> [documents, labels]. In training, the head drops its input and what tanh
  // gives.
  at::Tensor Forward(const at::Tensor& first_tokens, const Dropout& dropout = {}) const;

 private:
  Linear dense_, out_proj_;
};

// logits = decoder(layer_norm(gelu(dense(x)))) of every token, the decoder tied to the word
// embeddings where there is none of its own. Immutable and thread-safe.
class MaskedLmHead {
 public:
  // REQUIRES: the config has a masked-LM head.
  MaskedLmHead(const ParameterSource& parameters, const Embeddings& embeddings);

  at::Tensor Forward(const at::Tensor& hidden) const;  // [T, hidden] -> [T, vocab]

 private:
  Linear dense_;
  LayerNorm norm_;
  Linear decoder_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_HEADS_H_
