#include "model/layers/encoder_layer.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>

#include <vector>

#include "model/layers/parallel.h"

namespace diffuser::layers {
namespace {

std::string Prefix(int index) { return "encoder.layer." + std::to_string(index) + "."; }

// x[offsets[i]] of every document i: [documents, hidden].
at::Tensor FirstRows(const at::Tensor& x, absl::Span<const int32_t> offsets) {
  const int64_t documents = static_cast<int64_t>(offsets.size()) - 1;
  const at::Tensor rows =
      at::from_blob(const_cast<int32_t*>(offsets.data()), {documents}, at::kInt);
  return x.index_select(0, rows);
}

}  // namespace

EncoderLayer::EncoderLayer(const checkpoint::Checkpoint& checkpoint, int index,
                           const graph::AttentionGraph& graph,
                           const kernels::AttentionKernels& kernels, model::Precision precision)
    : graph_(graph),
      kernels_(kernels),
      shape_{.heads = checkpoint.config().num_heads,
             .head_dim = checkpoint.config().head_dim(),
             .hops = checkpoint.config().diffusion_hops,
             .alpha = checkpoint.config().diffusion_alpha},
      qkv_(MakeStackedLinear(
          checkpoint,
          {Prefix(index) + "attention.self.query", Prefix(index) + "attention.self.key",
           Prefix(index) + "attention.self.value"},
          precision)),
      attention_output_(MakeLinear(checkpoint, Prefix(index) + "attention.output.dense",
                                   Activation::kNone, precision)),
      intermediate_(MakeLinear(checkpoint, Prefix(index) + "intermediate.dense",
                               ToActivation(checkpoint.config().hidden_act), precision)),
      output_(MakeLinear(checkpoint, Prefix(index) + "output.dense", Activation::kNone, precision)),
      attention_norm_(checkpoint, Prefix(index) + "attention.output.LayerNorm"),
      output_norm_(checkpoint, Prefix(index) + "output.LayerNorm") {}

kernels::QkvView EncoderLayer::View(const at::Tensor& qkv,
                                    absl::Span<const int32_t> offsets) const {
  const float* data = qkv.const_data_ptr<float>();
  const int64_t hidden = int64_t{shape_.heads} * shape_.head_dim;
  return {.q = data,
          .k = data + hidden,
          .v = data + 2 * hidden,
          .row_stride = 3 * hidden,
          .offsets = offsets};
}

at::Tensor EncoderLayer::Finish(const at::Tensor& context, const at::Tensor& residual) const {
  const at::Tensor attended =
      attention_norm_.Forward(attention_output_.Forward(context).to(at::kFloat).add_(residual));
  const at::Tensor expanded = intermediate_.Forward(attended);
  return output_norm_.Forward(output_.Forward(expanded).to(at::kFloat).add_(attended));
}

at::Tensor EncoderLayer::Forward(const at::Tensor& x, absl::Span<const int32_t> offsets) const {
  const at::Tensor qkv = qkv_.Forward(x).to(at::kFloat);
  at::Tensor context = at::empty_like(x);
  kernels_.Diffuse(graph_, shape_, View(qkv, offsets), context.mutable_data_ptr<float>(),
                   ParallelOnTorchPool);
  return Finish(context, x);
}

FirstTokens EncoderLayer::ForwardFirstTokens(const at::Tensor& x, absl::Span<const int32_t> offsets,
                                             bool want_evidence) const {
  const at::Tensor qkv = qkv_.Forward(x).to(at::kFloat);
  const at::Tensor residual = FirstRows(x, offsets);
  at::Tensor context = at::empty_like(residual);
  FirstTokens first;
  if (want_evidence) first.evidence = at::empty({x.size(0)}, at::kFloat);
  kernels_.DiffuseFirstToken(graph_, shape_, View(qkv, offsets), context.mutable_data_ptr<float>(),
                             want_evidence ? first.evidence.mutable_data_ptr<float>() : nullptr,
                             ParallelOnTorchPool);
  first.hidden = Finish(context, residual);
  return first;
}

int64_t EncoderLayer::weight_bytes() const {
  return qkv_.weight_bytes() + attention_output_.weight_bytes() + intermediate_.weight_bytes() +
         output_.weight_bytes();
}

}  // namespace diffuser::layers
