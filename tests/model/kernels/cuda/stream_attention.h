#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_STREAM_ATTENTION_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_STREAM_ATTENTION_H_

#include <cstdint>
#include <memory>
#include <type_traits>
#include <vector>

#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/stream_kernels.h"
#include "tests/model/kernels/cuda/guarded_buffer.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda::testing {

template <class Half>
inline constexpr HalfType kTypeOf =
    std::is_same_v<Half, BFloat16> ? HalfType::kBFloat16 : HalfType::kFloat16;

// A100 and H100, as far as the kernels look.
DeviceInfo A100();
DeviceInfo H100();
// Devices of so little shared memory that a document of that length and head size is treated as one
// of thousands of tokens: slabs of 8 columns without clusters, slabs of 24 in clusters of 4.
DeviceInfo SmallA100(int longest, int head_dim);
DeviceInfo SmallH100(int longest, int head_dim);

// Kernels on the fake device (fake_runtime.h), which plays `device`.
std::unique_ptr<const StreamKernels> StreamKernelsOrDie(const DeviceInfo& device,
                                                        const graph::AttentionGraph& graph,
                                                        const DiffusionShape& shape);

// Projections rounded to halves, in both forms.
template <class Half>
struct RoundedProjections {
  RoundedProjections(const QkvView& qkv, const DiffusionShape& shape);

  QkvView view() const;        // what the reference kernels are to be given
  BatchBounds bounds() const;  // its own size

  std::vector<Half> halves;  // [T, 3 * H * D]
  std::vector<float> floats;
  std::vector<int32_t> offsets;
  int64_t width;
};

// The device memory of a batch within some bounds: what is given to StreamKernels, for both of its
// attention methods. What lies around it or is none of the batch's is guarded.
template <class Half>
class StreamBatch {
 public:
  StreamBatch(const StreamKernels& kernels, const DiffusionShape& shape, const BatchBounds& bounds);

  // Brings the batch into place.
  void Set(const StreamKernels& kernels, const RoundedProjections<Half>& batch);
  // Puts the launches of both methods into the stream.
  void Launch(const StreamKernels& kernels);
  // The answers for the batch in place. Fails the running test where anything else was written.
  kernels::testing::Answers Read() const;

 private:
  BatchBounds bounds_;
  int64_t width_;
  int64_t tokens_ = 0;
  int64_t documents_ = 0;
  GuardedBuffer<std::byte> plan_;
  GuardedBuffer<std::byte> workspace_;
  GuardedBuffer<Half> qkv_;
  GuardedBuffer<Half> all_;
  GuardedBuffer<Half> first_;
  GuardedBuffer<float> evidence_;
};

// Both methods for one batch, launched for `bounds`.
template <class Half>
kernels::testing::Answers ComputeOnStream(const StreamKernels& kernels, const DiffusionShape& shape,
                                          const RoundedProjections<Half>& batch,
                                          const BatchBounds& bounds);

}  // namespace diffuser::kernels::cuda::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_STREAM_ATTENTION_H_
