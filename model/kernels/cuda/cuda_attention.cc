#include "model/kernels/cuda/cuda_attention.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/kernels/cuda/batch_plan.h"
#include "model/kernels/element.h"

namespace diffuser::kernels::cuda {
namespace {

BatchCopy ToCopy(const BatchPlan& plan) {
  return {.view = plan.view(),
          .hop_order = plan.hop_order.data(),
          .first_token_order = plan.first_token_order.data(),
          .hops = plan.hops.data(),
          .first_tokens = plan.first_tokens.data(),
          .hop_launches = static_cast<int32_t>(plan.hops.size()),
          .first_token_launches = static_cast<int32_t>(plan.first_tokens.size()),
          .tiles = plan.tiles,
          .groups = plan.groups,
          .chunks = plan.chunks};
}

// bfloat16 projections as the device's interface takes them: float32, rows of H * D numbers.
std::vector<float> Widened(const void* from, const QkvView& qkv, int64_t width) {
  const auto* rows = static_cast<const kernels::BFloat16*>(from);
  const int64_t tokens = qkv.offsets.back();
  std::vector<float> wide(tokens * width);
  for (int64_t t = 0; t < tokens; ++t) {
    std::transform(rows + t * qkv.row_stride, rows + t * qkv.row_stride + width,
                   wide.begin() + t * width,
                   [](kernels::BFloat16 value) { return kernels::ToFloat(value); });
  }
  return wide;
}

class CudaKernels : public AttentionKernels {
 public:
  CudaKernels(std::shared_ptr<const CudaLibrary> library, const DeviceInfo& device,
              std::shared_ptr<const graph::AttentionGraph> graph, GraphArrays arrays)
      : library_(std::move(library)),
        graph_(std::move(graph)),
        arrays_(std::move(arrays)),
        limits_{.shared_bytes = device.shared_bytes, .cluster_blocks = device.cluster_blocks} {}

  ~CudaKernels() override {
    if (context_ != nullptr) library_->api().free_context(context_);
  }

  absl::Status Prepare(int ordinal, HalfType type) {
    const GraphCopy copy = {.view = arrays_.view(),
                            .nodes = arrays_.nodes,
                            .globals = static_cast<int32_t>(arrays_.globals.size()),
                            .groups = arrays_.random.strip_groups.back()};
    const char* error = library_->api().make_context(ordinal, &copy, type, &context_);
    if (error == nullptr) return absl::OkStatus();
    return absl::UnavailableError(absl::StrCat("CUDA device ", ordinal, ": ", error));
  }

  std::string_view name() const override { return "cuda"; }

  void Diffuse(const graph::AttentionGraph& graph, const DiffusionShape& shape, const QkvView& qkv,
               void* out, ParallelFor) const override {
    Compute(graph, shape, qkv, /*first_tokens=*/false, out, nullptr);
  }

  void DiffuseFirstToken(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                         const QkvView& qkv, void* out, float* evidence,
                         ParallelFor) const override {
    Compute(graph, shape, qkv, /*first_tokens=*/true, out, evidence);
  }

 private:
  void Compute(const graph::AttentionGraph& graph, const DiffusionShape& shape, const QkvView& qkv,
               bool first_tokens, void* out, float* evidence) const {
    if (qkv.element == Element::kFloat32) {
      ComputeFloats(graph, shape, qkv, first_tokens, static_cast<float*>(out), evidence);
      return;
    }
    const int64_t width = int64_t{shape.heads} * shape.head_dim;
    const std::vector<float> q = Widened(qkv.q, qkv, width);
    const std::vector<float> k = Widened(qkv.k, qkv, width);
    const std::vector<float> v = Widened(qkv.v, qkv, width);
    const QkvView floats = {
        .q = q.data(), .k = k.data(), .v = v.data(), .row_stride = width, .offsets = qkv.offsets};
    std::vector<float> wide((first_tokens ? qkv.documents() : qkv.offsets.back()) * width);
    ComputeFloats(graph, shape, floats, first_tokens, wide.data(), evidence);
    std::transform(wide.begin(), wide.end(), static_cast<kernels::BFloat16*>(out),
                   kernels::ToBFloat16);
  }

  void ComputeFloats(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                     const QkvView& qkv, bool first_tokens, float* out, float* evidence) const {
    if (&graph != graph_.get()) throw std::runtime_error("CUDA kernels: not the graph they have");
    const auto plan = BatchPlan::Make(arrays_, shape, qkv.offsets, limits_);
    if (!plan.ok()) throw std::runtime_error(std::string(plan.status().message()));
    const AttentionCall call = {.batch = ToCopy(*plan),
                                .heads = shape.heads,
                                .head_dim = shape.head_dim,
                                .hops = shape.hops,
                                .alpha = shape.alpha,
                                .q = static_cast<const float*>(qkv.q),
                                .k = static_cast<const float*>(qkv.k),
                                .v = static_cast<const float*>(qkv.v),
                                .row_stride = qkv.row_stride,
                                .first_tokens = first_tokens ? 1 : 0,
                                .out = out,
                                .evidence = evidence};
    if (const char* error = library_->api().compute_attention(context_, &call); error != nullptr) {
      throw std::runtime_error(absl::StrCat("CUDA kernels: ", error));
    }
  }

  std::shared_ptr<const CudaLibrary> library_;
  std::shared_ptr<const graph::AttentionGraph> graph_;
  GraphArrays arrays_;
  DeviceLimits limits_;
  Context* context_ = nullptr;
};

}  // namespace

absl::StatusOr<std::unique_ptr<const AttentionKernels>> MakeCudaKernels(
    std::shared_ptr<const CudaLibrary> library, const DeviceInfo& device,
    std::shared_ptr<const graph::AttentionGraph> graph, HalfType type) {
  if (graph->nodes() >= kNoSource) {
    return absl::InvalidArgumentError(absl::StrCat("CUDA kernels: a graph of ", graph->nodes(),
                                                   " nodes, expected fewer than 65535"));
  }
  GraphArrays arrays(*graph);
  auto kernels = std::make_unique<CudaKernels>(std::move(library), device, std::move(graph),
                                               std::move(arrays));
  if (auto status = kernels->Prepare(device.ordinal, type); !status.ok()) return status;
  return kernels;
}

}  // namespace diffuser::kernels::cuda
