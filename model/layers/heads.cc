#include "model/layers/heads.h"

#include <ATen/ops/tanh.h>

namespace diffuser::layers {
namespace {

constexpr model::Precision kPrecision = model::Precision::kFloat32;

at::Tensor DecoderWeight(const ParameterSource& parameters, const Embeddings& embeddings) {
  constexpr char kName[] = "lm_head.decoder.weight";
  return parameters.has(kName) ? parameters.Get(kName) : embeddings.word_embeddings();
}

}  // namespace

ClassificationHead::ClassificationHead(const ParameterSource& parameters)
    : dense_(MakeLinear(parameters, "classifier.dense", Activation::kNone, kPrecision)),
      out_proj_(MakeLinear(parameters, "classifier.out_proj", Activation::kNone, kPrecision)) {}

at::Tensor ClassificationHead::Forward(const at::Tensor& first_tokens,
                                       const Dropout& dropout) const {
  const at::Tensor features = at::tanh(dense_.Forward(DropHidden(first_tokens, dropout)));
  return out_proj_.Forward(DropHidden(features, dropout));
}

MaskedLmHead::MaskedLmHead(const ParameterSource& parameters, const Embeddings& embeddings)
    : dense_(MakeLinear(parameters, "lm_head.dense", Activation::kGelu, kPrecision)),
      norm_(parameters, "lm_head.layer_norm"),
      decoder_(DecoderWeight(parameters, embeddings), parameters.Get("lm_head.bias"),
               Activation::kNone, kPrecision) {}

at::Tensor MaskedLmHead::Forward(const at::Tensor& hidden) const {
  return decoder_.Forward(norm_.Forward(dense_.Forward(hidden)));
}

}  // namespace diffuser::layers
