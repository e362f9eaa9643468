#include <cstddef>
#include <utility>

#include "model/device/aten_rows.h"
#include "model/device/encoder_kernels.h"
#include "model/device/status_error.h"
#include "model/layers/linear.h"

namespace diffuser::device {
namespace {

using kernels::cuda::BatchMemory;
using kernels::cuda::BFloat16;
using kernels::cuda::BiasActivationArgs;
using kernels::cuda::EmbeddingLayerNormArgs;
using kernels::cuda::Float16;
using kernels::cuda::HalfType;
using kernels::cuda::LayerNormWeights;
using kernels::cuda::ResidualLayerNormArgs;
using kernels::cuda::StreamKernels;

constexpr size_t kAlignment = 256;
constexpr size_t kHalfBytes = 2;
constexpr int64_t kActivationStep = 8;  // whose multiples the kernel takes as widths

size_t Aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

LayerNormWeights View(const NormWeights& norm) {
  return {.weight = norm.weight.const_data_ptr<float>(),
          .bias = norm.bias.const_data_ptr<float>(),
          .epsilon = static_cast<float>(norm.epsilon),
          .hidden = static_cast<int>(norm.weight.size(0))};
}

template <class Half>
const Half* HalvesOf(const at::Tensor& tensor) {
  return static_cast<const Half*>(tensor.const_data_ptr());
}
template <class Half>
Half* MutableHalvesOf(at::Tensor& tensor) {
  return static_cast<Half*>(tensor.mutable_data_ptr());
}

BatchMemory View(const BatchOnDevice& batch) {
  return {.bounds = batch.bounds,
          .plan = static_cast<const std::byte*>(batch.plan.const_data_ptr()),
          .workspace = static_cast<std::byte*>(batch.workspace.mutable_data_ptr())};
}

// For rows in `Half`.
template <class Half, HalfType type>
class LibraryKernels : public EncoderKernels {
 public:
  explicit LibraryKernels(std::shared_ptr<const StreamKernels> kernels)
      : kernels_(std::move(kernels)) {}

  std::string_view name() const override { return "cuda"; }
  bool is_replayable() const override { return true; }
  size_t PlanBytes(const BatchBounds& bounds) const override { return kernels_->PlanBytes(bounds); }
  size_t WorkspaceBytes(const BatchBounds& bounds) const override {
    return kernels_->WorkspaceBytes(bounds);
  }
  void WritePlan(const BatchBounds& bounds, absl::Span<const int32_t> offsets,
                 std::byte* plan) const override {
    ThrowIfError(kernels_->WritePlan(bounds, offsets, plan));
  }

  void NormalizeEmbeddings(StreamHandle stream, const EmbeddingTables& tables,
                           const at::Tensor& ids, const at::Tensor& positions,
                           const NormWeights& norm, at::Tensor& out) const override {
    const EmbeddingLayerNormArgs<Half> args = {
        .norm = View(norm),
        .ids = ids.const_data_ptr<int32_t>(),
        .positions = positions.const_data_ptr<int32_t>(),
        .word_embeddings = HalvesOf<Half>(tables.word),
        .position_embeddings = HalvesOf<Half>(tables.position),
        .token_type = HalvesOf<Half>(tables.token_type),
        .out = MutableHalvesOf<Half>(out)};
    ThrowIfError(kernels_->NormalizeEmbeddings(stream, args, static_cast<int>(ids.size(0))));
  }

  void AddAndNormalize(StreamHandle stream, const ResidualRows& rows, const NormWeights& norm,
                       at::Tensor& out) const override {
    const ResidualLayerNormArgs<Half> args = {.norm = View(norm),
                                              .x = HalvesOf<Half>(rows.product),
                                              .residual = HalvesOf<Half>(rows.residual),
                                              .bias = rows.bias.const_data_ptr<float>(),
                                              .out = MutableHalvesOf<Half>(out)};
    ThrowIfError(kernels_->AddAndNormalize(stream, args, static_cast<int>(out.size(0))));
  }

  void Activate(StreamHandle stream, at::Tensor& x, const at::Tensor& bias,
                model::HiddenAct activation) const override {
    if (x.size(1) % kActivationStep != 0) {
      AtenActivate(x, bias, activation);
      return;
    }
    const BiasActivationArgs<Half> args = {.x = MutableHalvesOf<Half>(x),
                                           .bias = bias.const_data_ptr<float>(),
                                           .rows = static_cast<int>(x.size(0)),
                                           .width = static_cast<int>(x.size(1)),
                                           .activation = layers::ToActivation(activation)};
    ThrowIfError(kernels_->Activate(stream, args));
  }

  void Diffuse(const BatchOnDevice& batch, const at::Tensor& qkv, at::Tensor& out) const override {
    ThrowIfError(kernels_->Diffuse(batch.stream, View(batch), type, qkv.const_data_ptr(),
                                   out.mutable_data_ptr()));
  }
  void DiffuseFirstTokens(const BatchOnDevice& batch, const at::Tensor& qkv, at::Tensor& out,
                          at::Tensor& evidence) const override {
    ThrowIfError(kernels_->DiffuseFirstTokens(batch.stream, View(batch), type, qkv.const_data_ptr(),
                                              out.mutable_data_ptr(),
                                              evidence.mutable_data_ptr<float>()));
  }

 private:
  std::shared_ptr<const StreamKernels> kernels_;
};

// For rows in float32: the attention by the kernels for float16, all else by LibTorch.
class Float32Kernels final : public AtenRows {
 public:
  Float32Kernels(std::shared_ptr<const StreamKernels> kernels, int64_t hidden)
      : halves_(std::move(kernels)), hidden_(hidden) {}

  std::string_view name() const override { return "cuda"; }
  size_t PlanBytes(const BatchBounds& bounds) const override { return halves_.PlanBytes(bounds); }
  size_t WorkspaceBytes(const BatchBounds& bounds) const override {
    return QkvBytes(bounds) + OutBytes(bounds) + halves_.WorkspaceBytes(bounds);
  }
  void WritePlan(const BatchBounds& bounds, absl::Span<const int32_t> offsets,
                 std::byte* plan) const override {
    halves_.WritePlan(bounds, offsets, plan);
  }

  void Diffuse(const BatchOnDevice& batch, const at::Tensor& qkv, at::Tensor& out) const override {
    Halves halves = Round(batch, qkv, out.size(0));
    halves_.Diffuse(halves.batch, halves.qkv, halves.out);
    out.copy_(halves.out);
  }
  void DiffuseFirstTokens(const BatchOnDevice& batch, const at::Tensor& qkv, at::Tensor& out,
                          at::Tensor& evidence) const override {
    Halves halves = Round(batch, qkv, out.size(0));
    halves_.DiffuseFirstTokens(halves.batch, halves.qkv, halves.out, evidence);
    out.copy_(halves.out);
  }

 private:
  struct Halves {
    BatchOnDevice batch;
    at::Tensor qkv, out;
  };

  size_t QkvBytes(const BatchBounds& bounds) const { return 3 * OutBytes(bounds); }
  size_t OutBytes(const BatchBounds& bounds) const {
    return Aligned(static_cast<size_t>(bounds.tokens) * hidden_ * kHalfBytes);
  }

  // The rows in float16, at the beginning of the workspace.
  Halves Round(const BatchOnDevice& batch, const at::Tensor& qkv, int64_t out_rows) const {
    const auto halves_at = [&](size_t begin, int64_t rows, int64_t width) {
      return batch.workspace
          .narrow(0, static_cast<int64_t>(begin), rows * width * static_cast<int64_t>(kHalfBytes))
          .view(at::kHalf)
          .view({rows, width});
    };
    const size_t qkv_bytes = QkvBytes(batch.bounds);
    const auto used = static_cast<int64_t>(qkv_bytes + OutBytes(batch.bounds));
    Halves halves = {.batch = batch,
                     .qkv = halves_at(0, qkv.size(0), qkv.size(1)),
                     .out = halves_at(qkv_bytes, out_rows, hidden_)};
    halves.batch.workspace = batch.workspace.narrow(0, used, batch.workspace.size(0) - used);
    halves.qkv.copy_(qkv);
    return halves;
  }

  LibraryKernels<Float16, HalfType::kFloat16> halves_;
  int64_t hidden_;
};

}  // namespace

std::unique_ptr<const EncoderKernels> MakeLibraryKernels(
    std::shared_ptr<const StreamKernels> kernels, const kernels::DiffusionShape& shape,
    at::ScalarType type) {
  if (type == at::kFloat) {
    return std::make_unique<Float32Kernels>(std::move(kernels),
                                            int64_t{shape.heads} * shape.head_dim);
  }
  if (type == at::kHalf) {
    return std::make_unique<LibraryKernels<Float16, HalfType::kFloat16>>(std::move(kernels));
  }
  return std::make_unique<LibraryKernels<BFloat16, HalfType::kBFloat16>>(std::move(kernels));
}

}  // namespace diffuser::device
