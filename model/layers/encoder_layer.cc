#include "model/layers/encoder_layer.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/profile.h"

namespace diffuser::layers {
namespace {

bool IsLast(const ParameterSource& parameters, int index) {
  return index == parameters.config().num_layers - 1;
}

// What follows the attention of the last layer is computed for one token a document: float32 costs
// nothing there, and the answers hang on it.
model::Precision FinishPrecision(const ParameterSource& parameters, int index,
                                 model::Precision precision) {
  return IsLast(parameters, index) || parameters.trainable() ? model::Precision::kFloat32
                                                             : precision;
}

std::string Prefix(int index) { return "encoder.layer." + std::to_string(index) + "."; }

std::string ProjectionName(int index, const char* what) {
  return Prefix(index) + "attention.self." + what;
}

Linear MakeProjections(const ParameterSource& parameters, int index, model::Precision precision) {
  std::vector<std::string> names = {ProjectionName(index, "query"), ProjectionName(index, "key")};
  if (!IsLast(parameters, index)) names.push_back(ProjectionName(index, "value"));
  return MakeStackedLinear(parameters, names, ProjectionPrecision(precision));
}

// x[offsets[i]] of every document i: [documents, hidden].
at::Tensor FirstRows(const at::Tensor& x, absl::Span<const int32_t> offsets) {
  const std::vector<int64_t> rows(offsets.begin(), offsets.end() - 1);
  return x.index_select(0, at::tensor(rows));
}

}  // namespace

model::Precision ProjectionPrecision(model::Precision precision) {
  if (precision != model::Precision::kInt8) return precision;
  return HasBFloat16Instructions() ? model::Precision::kBFloat16 : model::Precision::kFloat32;
}

EncoderLayer::EncoderLayer(const ParameterSource& parameters, int index,
                           const AttentionBackend& backend, model::Precision precision)
    : finish_precision_(FinishPrecision(parameters, index, precision)),
      projections_(MakeProjections(parameters, index, precision)),
      attention_output_(MakeLinear(parameters, Prefix(index) + "attention.output.dense",
                                   Activation::kNone, ProjectionPrecision(finish_precision_))),
      intermediate_(MakeLinear(parameters, Prefix(index) + "intermediate.dense",
                               ToActivation(parameters.config().hidden_act), finish_precision_)),
      output_(MakeLinear(parameters, Prefix(index) + "output.dense", Activation::kNone,
                         finish_precision_)),
      attention_norm_(parameters, Prefix(index) + "attention.output.LayerNorm"),
      output_norm_(parameters, Prefix(index) + "output.LayerNorm"),
      attention_(parameters.config(), backend) {
  if (IsLast(parameters, index)) value_.emplace(parameters, ProjectionName(index, "value"));
}

at::Tensor EncoderLayer::ProjectAll(const HiddenStates& x) const {
  at::Tensor projected = projections_.Project(x.rows);
  if (!value_.has_value()) return projected;
  return at::cat({projected, value_->Forward(x.residual).to(projected.scalar_type())}, 1);
}

void EncoderLayer::FinishLayer(const at::Tensor& context, HiddenStates& x) const {
  model::PartTimer timer;
  HiddenStates attended = HiddenStatesOver(x.residual, finish_precision_);
  const Product projected = attention_output_.Multiply(attention_output_.ToRows(context));
  timer.Count(model::Part::kProjections);
  AddAndNormalize(projected, x.residual, attention_norm_.view(), attended);
  timer.Count(model::Part::kNorms);
  const Product fed = output_.Multiply(intermediate_.Activate(attended.rows));
  timer.Count(model::Part::kFeedForward);
  AddAndNormalize(fed, attended.residual, output_norm_.view(), x);
  timer.Count(model::Part::kNorms);
}

void EncoderLayer::Forward(HiddenStates& x, absl::Span<const int32_t> offsets) const {
  model::PartTimer timer;
  const at::Tensor qkv = ProjectAll(x);
  timer.Count(model::Part::kProjections);
  const at::Tensor context = attention_.Forward(qkv, offsets);
  timer.Count(model::Part::kAttention);
  const int64_t rows = context.size(0);
  for (int64_t first = 0; first < rows; first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, rows - first);
    HiddenStates block = x.Narrow(first, count);
    FinishLayer(context.narrow(0, first, count), block);
  }
}

FirstTokens EncoderLayer::ForwardFirstTokens(const HiddenStates& x,
                                             absl::Span<const int32_t> offsets,
                                             bool want_evidence) const {
  model::PartTimer timer;
  const at::Tensor qk = projections_.Project(x.rows);
  timer.Count(model::Part::kProjections);
  const at::Tensor weights = attention_.FirstTokenWeights(qk, offsets);
  const kernels::TokenWeights view = {weights.const_data_ptr<float>(),
                                      static_cast<int>(weights.size(0)), offsets};
  FirstTokens first;
  if (want_evidence) {
    first.evidence = at::empty({x.residual.size(0)}, at::kFloat);
    kernels::AverageHeads(view, first.evidence.mutable_data_ptr<float>());
  }
  timer.Count(model::Part::kAttention);
  const at::Tensor context = value_->ForwardSums(view, x.residual);
  timer.Count(model::Part::kProjections);
  HiddenStates rows =
      HiddenStatesOver(FirstRows(x.residual, offsets), ProjectionPrecision(finish_precision_));
  FinishLayer(context, rows);
  first.hidden = rows.residual;
  return first;
}

at::Tensor EncoderLayer::AttendForTraining(const at::Tensor& x, absl::Span<const int32_t> offsets,
                                           const Dropout& dropout) const {
  const at::Tensor qkv = ProjectAll(HiddenStatesOver(x, model::Precision::kFloat32));
  return attention_.ForwardForTraining(qkv, offsets, dropout);
}

at::Tensor EncoderLayer::FinishForTraining(const at::Tensor& context, const at::Tensor& residual,
                                           const Dropout& dropout) const {
  const at::Tensor attended = attention_norm_.Forward(
      DropHidden(attention_output_.Forward(context), dropout).add_(residual));
  const at::Tensor expanded = intermediate_.Forward(attended);
  return output_norm_.Forward(DropHidden(output_.Forward(expanded), dropout).add_(attended));
}

at::Tensor EncoderLayer::ForwardForTraining(const at::Tensor& x, absl::Span<const int32_t> offsets,
                                            const Dropout& dropout) const {
  SeedHidden(dropout);
  return FinishForTraining(AttendForTraining(x, offsets, dropout), x, dropout);
}

at::Tensor EncoderLayer::ForwardFirstTokensForTraining(const at::Tensor& x,
                                                       absl::Span<const int32_t> offsets,
                                                       const Dropout& dropout) const {
  SeedHidden(dropout);
  // Dropout after a hop masks single elements of h, which the row vector of ForwardFirstTokens does
  // not know: the attention is computed for all tokens, what follows it for the first ones.
  const at::Tensor context = AttendForTraining(x, offsets, dropout);
  return FinishForTraining(FirstRows(context, offsets), FirstRows(x, offsets), dropout);
}

int64_t EncoderLayer::weight_bytes() const {
  return projections_.weight_bytes() + (value_.has_value() ? value_->weight_bytes() : 0) +
         attention_output_.weight_bytes() + intermediate_.weight_bytes() + output_.weight_bytes();
}

}  // namespace diffuser::layers
