#include "model/layers/heads.h"

#include <ATen/ops/tanh.h>

namespace diffuser::layers {
namespace {

constexpr model::Precision kPrecision = model::Precision::kFloat32;

at::Tensor DecoderWeight(const checkpoint::Checkpoint& checkpoint, const Embeddings& embeddings) {
  constexpr char kName[] = "lm_head.decoder.weight";
  return checkpoint.has(kName) ? FloatWeight(checkpoint, kName) : embeddings.word_embeddings();
}

}  // namespace

ClassificationHead::ClassificationHead(const checkpoint::Checkpoint& checkpoint)
    : dense_(MakeLinear(checkpoint, "classifier.dense", Activation::kNone, kPrecision)),
      out_proj_(MakeLinear(checkpoint, "classifier.out_proj", Activation::kNone, kPrecision)) {}

at::Tensor ClassificationHead::Forward(const at::Tensor& first_tokens) const {
  return out_proj_.Forward(at::tanh(dense_.Forward(first_tokens)));
}

MaskedLmHead::MaskedLmHead(const checkpoint::Checkpoint& checkpoint, const Embeddings& embeddings)
    : dense_(MakeLinear(checkpoint, "lm_head.dense", Activation::kGelu, kPrecision)),
      norm_(checkpoint, "lm_head.layer_norm"),
      decoder_(DecoderWeight(checkpoint, embeddings), FloatWeight(checkpoint, "lm_head.bias"),
               Activation::kNone, kPrecision) {}

at::Tensor MaskedLmHead::Forward(const at::Tensor& hidden) const {
  return decoder_.Forward(norm_.Forward(dense_.Forward(hidden)));
}

}  // namespace diffuser::layers
