#include "model/layers/encoder_layer.h"

#include <ATen/ops/tensor.h>

#include <string>
#include <vector>

#include "model/profile.h"

namespace diffuser::layers {
namespace {

std::string Prefix(int index) { return "encoder.layer." + std::to_string(index) + "."; }

// x[offsets[i]] of every document i: [documents, hidden].
at::Tensor FirstRows(const at::Tensor& x, absl::Span<const int32_t> offsets) {
  const std::vector<int64_t> rows(offsets.begin(), offsets.end() - 1);
  return x.index_select(0, at::tensor(rows));
}

}  // namespace

EncoderLayer::EncoderLayer(const ParameterSource& parameters, int index,
                           const AttentionBackend& backend, model::Precision precision)
    : qkv_(MakeStackedLinear(
          parameters,
          {Prefix(index) + "attention.self.query", Prefix(index) + "attention.self.key",
           Prefix(index) + "attention.self.value"},
          precision)),
      attention_output_(MakeLinear(parameters, Prefix(index) + "attention.output.dense",
                                   Activation::kNone, precision)),
      intermediate_(MakeLinear(parameters, Prefix(index) + "intermediate.dense",
                               ToActivation(parameters.config().hidden_act), precision)),
      output_(MakeLinear(parameters, Prefix(index) + "output.dense", Activation::kNone, precision)),
      attention_norm_(parameters, Prefix(index) + "attention.output.LayerNorm"),
      output_norm_(parameters, Prefix(index) + "output.LayerNorm"),
      attention_(parameters.config(), backend) {}

at::Tensor EncoderLayer::Finish(const at::Tensor& context, const at::Tensor& residual,
                                const Dropout& dropout) const {
  model::PartTimer timer;
  const at::Tensor projected = attention_output_.Forward(context).to(at::kFloat);
  timer.Count(model::Part::kProjections);
  const at::Tensor attended =
      attention_norm_.Forward(DropHidden(projected, dropout).add_(residual));
  timer.Count(model::Part::kNorms);
  const at::Tensor fed = output_.Forward(intermediate_.Forward(attended)).to(at::kFloat);
  timer.Count(model::Part::kFeedForward);
  at::Tensor normed = output_norm_.Forward(DropHidden(fed, dropout).add_(attended));
  timer.Count(model::Part::kNorms);
  return normed;
}

at::Tensor EncoderLayer::Forward(const at::Tensor& x, absl::Span<const int32_t> offsets) const {
  model::PartTimer timer;
  const at::Tensor qkv = qkv_.Forward(x).to(at::kFloat);
  timer.Count(model::Part::kProjections);
  const at::Tensor context = attention_.Forward(qkv, offsets);
  timer.Count(model::Part::kAttention);
  return Finish(context, x, {});
}

FirstTokens EncoderLayer::ForwardFirstTokens(const at::Tensor& x, absl::Span<const int32_t> offsets,
                                             bool want_evidence) const {
  model::PartTimer timer;
  const at::Tensor qkv = qkv_.Forward(x).to(at::kFloat);
  timer.Count(model::Part::kProjections);
  FirstTokens first;
  const at::Tensor context =
      attention_.ForwardFirstTokens(qkv, offsets, want_evidence ? &first.evidence : nullptr);
  timer.Count(model::Part::kAttention);
  first.hidden = Finish(context, FirstRows(x, offsets), {});
  return first;
}

at::Tensor EncoderLayer::ForwardForTraining(const at::Tensor& x, absl::Span<const int32_t> offsets,
                                            const Dropout& dropout) const {
  SeedHidden(dropout);
  return Finish(attention_.ForwardForTraining(qkv_.Forward(x), offsets, dropout), x, dropout);
}

at::Tensor EncoderLayer::ForwardFirstTokensForTraining(const at::Tensor& x,
                                                       absl::Span<const int32_t> offsets,
                                                       const Dropout& dropout) const {
  SeedHidden(dropout);
  // Dropout after a hop masks single elements of h, which the row vector of ForwardFirstTokens does
  // not know: the attention is computed for all tokens, what follows it for the first ones.
  const at::Tensor context = attention_.ForwardForTraining(qkv_.Forward(x), offsets, dropout);
  return Finish(FirstRows(context, offsets), FirstRows(x, offsets), dropout);
}

int64_t EncoderLayer::weight_bytes() const {
  return qkv_.weight_bytes() + attention_output_.weight_bytes() + intermediate_.weight_bytes() +
         output_.weight_bytes();
}

}  // namespace diffuser::layers
