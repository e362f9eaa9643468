#include "tests/model/kernels/cuda/stream_attention.h"

#include <algorithm>

#include "gtest/gtest.h"
#include "model/kernels/cuda/shared_sizes.h"
#include "tests/model/kernels/cuda/fake_runtime.h"
#include "tests/model/kernels/cuda/shim/warp.h"

namespace diffuser::kernels::cuda::testing {
namespace {

template <class T>
std::vector<float> ToFloats(const GuardedBuffer<T>& buffer, int64_t count) {
  std::vector<float> floats;
  for (int64_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<T, float>) {
      floats.push_back(buffer.data()[i]);
    } else {
      floats.push_back(shim::ToFloat<T>(buffer.data()[i].bits));
    }
  }
  return floats;
}

// Nothing was written but the first `count`.
template <class T>
void ExpectUntouched(const GuardedBuffer<T>& buffer, int64_t count, const char* what) {
  EXPECT_TRUE(buffer.IsIntact()) << what;
  const auto* bytes = reinterpret_cast<const unsigned char*>(buffer.data());
  EXPECT_TRUE(std::all_of(bytes + count * sizeof(T), bytes + buffer.size() * sizeof(T),
                          [](unsigned char byte) { return byte == 0xff; }))
      << what << " past the batch";
}

}  // namespace

DeviceInfo A100() { return {.shared_bytes = 163 * 1024, .cluster_blocks = 1}; }
DeviceInfo H100() { return {.shared_bytes = 227 * 1024, .cluster_blocks = 8}; }

DeviceInfo SmallA100(int longest, int head_dim) {
  const int64_t bytes =
      std::max(HopSharedBytes(8, longest), FirstTokenSharedBytes(longest, head_dim));
  return {.shared_bytes = static_cast<int32_t>(bytes), .cluster_blocks = 1};
}

DeviceInfo SmallH100(int longest, int head_dim) {
  const int64_t bytes =
      std::max(HopSharedBytes(24, longest), FirstTokenSharedBytes(longest, head_dim));
  return {.shared_bytes = static_cast<int32_t>(bytes), .cluster_blocks = 4};
}

std::unique_ptr<const StreamKernels> StreamKernelsOrDie(const DeviceInfo& device,
                                                        const graph::AttentionGraph& graph,
                                                        const DiffusionShape& shape) {
  auto kernels = MakeStreamKernels(CudaLibrary::Of(diffuser_cuda_api()), device, graph, shape);
  EXPECT_TRUE(kernels.ok()) << kernels.status();
  return *std::move(kernels);
}

template <class Half>
RoundedProjections<Half>::RoundedProjections(const QkvView& qkv, const DiffusionShape& shape)
    : offsets(qkv.offsets.begin(), qkv.offsets.end()),
      width(int64_t{shape.heads} * shape.head_dim) {
  for (int t = 0; t < offsets.back(); ++t) {
    for (const auto* from : {qkv.q, qkv.k, qkv.v}) {
      const float* row = static_cast<const float*>(from) + t * qkv.row_stride;
      for (int64_t x = 0; x < width; ++x) {
        halves.push_back({shim::ToBits<Half>(row[x])});
        floats.push_back(shim::ToFloat<Half>(halves.back().bits));
      }
    }
  }
}

template <class Half>
QkvView RoundedProjections<Half>::view() const {
  return {.q = floats.data(),
          .k = floats.data() + width,
          .v = floats.data() + 2 * width,
          .row_stride = 3 * width,
          .offsets = offsets};
}

template <class Half>
BatchBounds RoundedProjections<Half>::bounds() const {
  BatchBounds bounds = {.tokens = offsets.back(),
                        .documents = static_cast<int>(offsets.size()) - 1};
  for (int i = 0; i < bounds.documents; ++i) {
    bounds.longest = std::max(bounds.longest, offsets[i + 1] - offsets[i]);
  }
  return bounds;
}

template <class Half>
StreamBatch<Half>::StreamBatch(const StreamKernels& kernels, const DiffusionShape& shape,
                               const BatchBounds& bounds)
    : bounds_(bounds),
      width_(int64_t{shape.heads} * shape.head_dim),
      plan_(kernels.PlanBytes(bounds)),
      workspace_(kernels.WorkspaceBytes(bounds)),
      qkv_(3 * width_ * bounds.tokens),
      all_(width_ * bounds.tokens),
      first_(width_ * bounds.documents),
      evidence_(bounds.tokens) {}

template <class Half>
void StreamBatch<Half>::Set(const StreamKernels& kernels, const RoundedProjections<Half>& batch) {
  tokens_ = batch.offsets.back();
  documents_ = static_cast<int64_t>(batch.offsets.size()) - 1;
  const auto status = kernels.WritePlan(bounds_, batch.offsets, plan_.data());
  EXPECT_TRUE(status.ok()) << status;
  for (auto* buffer : {&qkv_, &all_, &first_}) buffer->Clear();
  evidence_.Clear();
  std::copy(batch.halves.begin(), batch.halves.end(), qkv_.data());
}

template <class Half>
void StreamBatch<Half>::Launch(const StreamKernels& kernels) {
  const BatchMemory memory = {bounds_, plan_.data(), workspace_.data()};
  auto status = kernels.Diffuse(nullptr, memory, kTypeOf<Half>, qkv_.data(), all_.data());
  EXPECT_TRUE(status.ok()) << status;
  status = kernels.DiffuseFirstTokens(nullptr, memory, kTypeOf<Half>, qkv_.data(), first_.data(),
                                      evidence_.data());
  EXPECT_TRUE(status.ok()) << status;
}

template <class Half>
kernels::testing::Answers StreamBatch<Half>::Read() const {
  EXPECT_TRUE(plan_.IsIntact() && workspace_.IsIntact());
  ExpectUntouched(all_, tokens_ * width_, "h");
  ExpectUntouched(first_, documents_ * width_, "h of first tokens");
  ExpectUntouched(evidence_, tokens_, "evidence");
  return {ToFloats(all_, tokens_ * width_), ToFloats(first_, documents_ * width_),
          ToFloats(evidence_, tokens_)};
}

template <class Half>
kernels::testing::Answers ComputeOnStream(const StreamKernels& kernels, const DiffusionShape& shape,
                                          const RoundedProjections<Half>& batch,
                                          const BatchBounds& bounds) {
  StreamBatch<Half> memory(kernels, shape, bounds);
  memory.Set(kernels, batch);
  memory.Launch(kernels);
  return memory.Read();
}

#define DIFFUSER_INSTANTIATE(Half)                                                                \
  template struct RoundedProjections<Half>;                                                       \
  template class StreamBatch<Half>;                                                               \
  template kernels::testing::Answers ComputeOnStream(const StreamKernels&, const DiffusionShape&, \
                                                     const RoundedProjections<Half>&,             \
                                                     const BatchBounds&)
DIFFUSER_INSTANTIATE(BFloat16);
DIFFUSER_INSTANTIATE(Float16);
#undef DIFFUSER_INSTANTIATE

}  // namespace diffuser::kernels::cuda::testing
