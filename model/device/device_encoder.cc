#include "model/device/device_encoder.h"

#include <ATen/Context.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tanh.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace diffuser::device {
namespace {

void Count(EncoderPass& pass, std::string_view part) {
  if (pass.clock != nullptr) pass.clock->Count(part);
}

// Copies values to the front of a host tensor, and fills what is left.
void Fill(const at::Tensor& tensor, absl::Span<const int32_t> values, int32_t rest) {
  int32_t* const begin = static_cast<int32_t*>(tensor.mutable_data_ptr());
  std::fill(std::copy(values.begin(), values.end(), begin), begin + tensor.numel(), rest);
}

std::vector<int32_t> Positions(const model::PackedBatch& batch, int first) {
  std::vector<int32_t> positions(batch.tokens());
  for (int document = 0; document < batch.documents(); ++document) {
    const auto begin = positions.begin() + batch.offsets()[document];
    std::iota(begin, begin + batch.length(document), first);
  }
  return positions;
}

// product = x W, in the first rows of `product`.
at::Tensor Multiply(const at::Tensor& x, const DenseWeights& dense, const at::Tensor& product) {
  at::Tensor rows = product.narrow(0, 0, x.size(0));
  at::mm_out(rows, x, dense.transposed);
  return rows;
}

}  // namespace

DeviceEncoder::DeviceEncoder(const model::ModelConfig& config,
                             std::shared_ptr<const DeviceWeights> weights,
                             std::shared_ptr<const EncoderKernels> kernels)
    : config_(config), weights_(std::move(weights)), kernels_(std::move(kernels)) {}

void DeviceEncoder::WriteInputs(const model::PackedBatch& batch, const BatchBounds& bounds,
                                const Inputs& inputs) const {
  const int first_position = config_.pad_token_id + 1;
  Fill(inputs.ids, batch.ids(), 0);
  Fill(inputs.positions, Positions(batch, first_position), first_position);
  Fill(inputs.first_rows, batch.offsets().first(batch.documents()), 0);
  kernels_->WritePlan(bounds, batch.offsets(),
                      static_cast<std::byte*>(inputs.plan.mutable_data_ptr()));
}

void DeviceEncoder::Embed(EncoderPass& pass) const {
  kernels_->NormalizeEmbeddings(pass.batch.stream, weights_->embeddings, pass.at.inputs.ids,
                                pass.at.inputs.positions, weights_->embeddings_norm,
                                pass.at.hidden);
  Count(pass, "embeddings");
}

void DeviceEncoder::Project(EncoderPass& pass, const LayerWeights& layer) const {
  at::addmm_out(pass.at.qkv, layer.qkv_bias, pass.at.hidden, layer.qkv);
  Count(pass, "projections");
}

// What follows the attention, for rows of any tokens: hidden <- the layer's output.
void DeviceEncoder::Finish(EncoderPass& pass, const LayerWeights& layer, const at::Tensor& context,
                           at::Tensor& hidden) const {
  const StreamHandle stream = pass.batch.stream;
  const at::Tensor projected = Multiply(context, layer.attention_output, pass.at.projected);
  Count(pass, "projections");
  kernels_->AddAndNormalize(stream, {projected, layer.attention_output.bias, hidden},
                            layer.attention_norm, hidden);
  Count(pass, "norms");
  at::Tensor expanded = Multiply(hidden, layer.intermediate, pass.at.expanded);
  kernels_->Activate(stream, expanded, layer.intermediate.bias, config_.hidden_act);
  const at::Tensor fed = Multiply(expanded, layer.output, pass.at.projected);
  Count(pass, "feed_forward");
  kernels_->AddAndNormalize(stream, {fed, layer.output.bias, hidden}, layer.output_norm, hidden);
  Count(pass, "norms");
}

void DeviceEncoder::Encode(EncoderPass& pass, int layers) const {
  Embed(pass);
  for (int index = 0; index < layers; ++index) {
    const LayerWeights& layer = weights_->layers[index];
    Project(pass, layer);
    kernels_->Diffuse(pass.batch, pass.at.qkv, pass.at.context);
    Count(pass, "attention");
    Finish(pass, layer, pass.at.context, pass.at.hidden);
  }
}

void DeviceEncoder::ClassifyFirstTokens(EncoderPass& pass) const {
  const at::NoTF32Guard exact;
  Activations& at = pass.at;
  const HeadWeights& head = weights_->head;
  at.widened.copy_(at.first);
  at::addmm_out(at.features, head.dense.bias, at.widened, head.dense.transposed);
  at.features.tanh_();
  at::addmm_out(at.logits, head.out_proj.bias, at.features, head.out_proj.transposed);
  Count(pass, "head");
}

void DeviceEncoder::Forward(EncoderPass& pass) const {
  Encode(pass, config_.num_layers - 1);
  const LayerWeights& last = weights_->layers.back();
  Project(pass, last);
  at::Tensor context = pass.at.context.narrow(0, 0, pass.at.first.size(0));
  kernels_->DiffuseFirstTokens(pass.batch, pass.at.qkv, context, pass.at.evidence);
  Count(pass, "attention");
  at::index_select_out(pass.at.first, pass.at.hidden, 0, pass.at.inputs.first_rows);
  Finish(pass, last, context, pass.at.first);
  ClassifyFirstTokens(pass);
}

}  // namespace diffuser::device
