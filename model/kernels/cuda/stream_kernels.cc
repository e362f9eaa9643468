#include "model/kernels/cuda/stream_kernels.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/kernels/cuda/batch_plan.h"
#include "model/kernels/cuda/batch_sizes.h"
#include "model/kernels/cuda/document_classes.h"
#include "model/kernels/cuda/graph_arrays.h"
#include "model/kernels/cuda/workspace.h"

namespace diffuser::kernels::cuda {
namespace {

// A copy of some bytes in a device's memory. Owns it.
class DeviceBlock {
 public:
  DeviceBlock(const CudaLibrary& library, int ordinal) : library_(library), ordinal_(ordinal) {}
  DeviceBlock(const DeviceBlock&) = delete;
  DeviceBlock& operator=(const DeviceBlock&) = delete;
  ~DeviceBlock() {
    if (memory_ != nullptr) library_.api().free_memory(ordinal_, memory_);
  }

  // To be called once.
  Error Upload(absl::Span<const std::byte> bytes) {
    return library_.api().upload(ordinal_, bytes.data(), static_cast<int64_t>(bytes.size()),
                                 &memory_);
  }

  const std::byte* data() const { return static_cast<const std::byte*>(memory_); }

 private:
  const CudaLibrary& library_;
  const int ordinal_;
  void* memory_ = nullptr;
};

class LibraryKernels : public StreamKernels {
 public:
  LibraryKernels(std::shared_ptr<const CudaLibrary> library, const DeviceInfo& device,
                 const graph::AttentionGraph& graph, const DiffusionShape& shape)
      : library_(std::move(library)),
        device_(device),
        shape_(shape),
        graph_(graph),
        most_(graph_),
        classes_({.shared_bytes = device.shared_bytes, .cluster_blocks = device.cluster_blocks},
                 shape.heads, shape.head_dim),
        graph_block_(*library_, device.ordinal) {}

  // To be called once, before anything else.
  absl::Status Prepare() {
    const absl::Status status = ToStatus(graph_block_.Upload(graph_.Block()));
    return absl::IsInternal(status) ? absl::UnavailableError(status.message()) : status;
  }

  const DeviceInfo& device() const override { return device_; }

  size_t PlanBytes(const BatchBounds& bounds) const override { return cuda::PlanBytes(bounds); }

  size_t WorkspaceBytes(const BatchBounds& bounds) const override {
    return LayOutWorkspace(shape_, bounds, most_.Of(bounds), nullptr).bytes;
  }

  absl::Status WritePlan(const BatchBounds& bounds, absl::Span<const int32_t> offsets,
                         std::byte* plan) const override {
    return cuda::WritePlan({graph_, classes_, shape_.heads}, bounds, offsets, plan);
  }

  absl::Status Diffuse(StreamHandle stream, const BatchMemory& batch, HalfType type,
                       const void* qkv, void* out) const override {
    return type == HalfType::kBFloat16 ? DiffuseAs<BFloat16>(stream, batch, qkv, out)
                                       : DiffuseAs<Float16>(stream, batch, qkv, out);
  }

  absl::Status DiffuseFirstTokens(StreamHandle stream, const BatchMemory& batch, HalfType type,
                                  const void* qkv, void* out, float* evidence) const override {
    return type == HalfType::kBFloat16
               ? DiffuseFirstTokensAs<BFloat16>(stream, batch, qkv, out, evidence)
               : DiffuseFirstTokensAs<Float16>(stream, batch, qkv, out, evidence);
  }

  absl::Status NormalizeEmbeddings(StreamHandle stream,
                                   const EmbeddingLayerNormArgs<BFloat16>& args,
                                   int tokens) const override {
    return NormalizeEmbeddingsAs(stream, args, tokens);
  }
  absl::Status NormalizeEmbeddings(StreamHandle stream, const EmbeddingLayerNormArgs<Float16>& args,
                                   int tokens) const override {
    return NormalizeEmbeddingsAs(stream, args, tokens);
  }

  absl::Status AddAndNormalize(StreamHandle stream, const ResidualLayerNormArgs<BFloat16>& args,
                               int rows) const override {
    return AddAndNormalizeAs(stream, args, rows);
  }
  absl::Status AddAndNormalize(StreamHandle stream, const ResidualLayerNormArgs<Float16>& args,
                               int rows) const override {
    return AddAndNormalizeAs(stream, args, rows);
  }

  absl::Status Activate(StreamHandle stream,
                        const BiasActivationArgs<BFloat16>& args) const override {
    return ActivateAs(stream, args);
  }
  absl::Status Activate(StreamHandle stream,
                        const BiasActivationArgs<Float16>& args) const override {
    return ActivateAs(stream, args);
  }

  absl::Status CheckDevice() const override {
    return ToStatus(library_->api().check_device(device_.ordinal));
  }

 private:
  DeviceStream On(StreamHandle stream) const { return {device_.ordinal, stream}; }

  absl::Status ToStatus(const Error& error) const {
    if (error.kind == ErrorKind::kNone) return absl::OkStatus();
    const std::string message = absl::StrCat("CUDA device ", device_.ordinal, ": ", error.text);
    if (error.kind == ErrorKind::kOutOfMemory) return absl::ResourceExhaustedError(message);
    if (error.kind == ErrorKind::kDeviceLost) return absl::UnavailableError(message);
    return absl::InternalError(message);
  }

  template <class Half>
  const KernelApi<Half>& Kernels() const {
    if constexpr (std::is_same_v<Half, BFloat16>) {
      return library_->api().bfloat16;
    } else {
      return library_->api().float16;
    }
  }

  template <class Half>
  absl::Status DiffuseAs(StreamHandle stream, const BatchMemory& batch, const void* qkv,
                         void* out) const {
    const auto launches = LaunchesFor(classes_.hops, batch.bounds);
    const auto call = MakeCall<Half>(batch, launches, qkv, out);
    return ToStatus(Kernels<Half>().diffuse(On(stream), &call));
  }

  template <class Half>
  absl::Status DiffuseFirstTokensAs(StreamHandle stream, const BatchMemory& batch, const void* qkv,
                                    void* out, float* evidence) const {
    const auto launches = LaunchesFor(classes_.first_tokens, batch.bounds);
    auto call = MakeCall<Half>(batch, launches, qkv, out);
    call.evidence = evidence;
    return ToStatus(Kernels<Half>().diffuse_first_tokens(On(stream), &call));
  }

  template <class Half>
  absl::Status NormalizeEmbeddingsAs(StreamHandle stream, const EmbeddingLayerNormArgs<Half>& args,
                                     int tokens) const {
    return ToStatus(Kernels<Half>().normalize_embeddings(On(stream), &args, tokens));
  }

  template <class Half>
  absl::Status AddAndNormalizeAs(StreamHandle stream, const ResidualLayerNormArgs<Half>& args,
                                 int rows) const {
    return ToStatus(Kernels<Half>().add_and_normalize(On(stream), &args, rows));
  }

  template <class Half>
  absl::Status ActivateAs(StreamHandle stream, const BiasActivationArgs<Half>& args) const {
    return ToStatus(Kernels<Half>().activate(On(stream), &args));
  }

  template <class Half>
  AttentionCall<Half> MakeCall(const BatchMemory& batch,
                               const std::vector<DocumentsLaunch>& launches, const void* qkv,
                               void* out) const {
    const MatrixSizes most = most_.Of(batch.bounds);
    const Workspace workspace = LayOutWorkspace(shape_, batch.bounds, most, batch.workspace);
    const int64_t width = int64_t{shape_.heads} * shape_.head_dim;
    const Half* q = static_cast<const Half*>(qkv);
    return {.args = {.graph = graph_.ViewOf(graph_block_.data()),
                     .batch = PlanView(batch.bounds, batch.plan),
                     .matrix = workspace.matrix,
                     .heads = shape_.heads,
                     .head_dim = shape_.head_dim,
                     .hops = shape_.hops,
                     .alpha = shape_.alpha,
                     .q = q,
                     .k = q + width,
                     .v = q + 2 * width,
                     .row_stride = 3 * width},
            .tokens = batch.bounds.tokens,
            .strips = most.strips,
            .chunks = most.chunks,
            .launches = launches.data(),
            .launch_count = static_cast<int32_t>(launches.size()),
            .scratch = workspace.scratch,
            .out = static_cast<Half*>(out),
            .evidence = nullptr};
  }

  const std::shared_ptr<const CudaLibrary> library_;
  const DeviceInfo device_;
  const DiffusionShape shape_;
  const GraphArrays graph_;
  const MostSizes most_;
  const DocumentClasses classes_;
  DeviceBlock graph_block_;
};

template <class... Args>
absl::Status Refused(const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat("CUDA kernels: ", args...));
}

}  // namespace

absl::StatusOr<std::unique_ptr<const StreamKernels>> MakeStreamKernels(
    std::shared_ptr<const CudaLibrary> library, const DeviceInfo& device,
    const graph::AttentionGraph& graph, const DiffusionShape& shape) {
  if (graph.nodes() >= kNoSource) {
    return Refused("a graph of ", graph.nodes(), " nodes, expected fewer than ", kNoSource);
  }
  if (shape.heads < 1) return Refused(shape.heads, " heads, expected at least 1");
  if (shape.head_dim < 1 || shape.head_dim % kHalvesPerWords != 0) {
    return Refused("head size ", shape.head_dim, ", expected a multiple of ", kHalvesPerWords);
  }
  if (shape.hops < 1) return Refused(shape.hops, " hops, expected at least 1");
  auto kernels = std::make_unique<LibraryKernels>(std::move(library), device, graph, shape);
  if (auto status = kernels->Prepare(); !status.ok()) return status;
  return kernels;
}

}  // namespace diffuser::kernels::cuda
