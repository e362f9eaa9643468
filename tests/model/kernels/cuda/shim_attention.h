#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_ATTENTION_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_ATTENTION_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/batch_plan.h"
#include "model/kernels/cuda/half.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda::testing {

// How the shim is to run the kernels: as a device with these limits, blocks in this order.
struct ShimDevice {
  DeviceLimits limits;
  bool last_first = false;
  std::string without_barrier = {};  // see shim::LaunchShape
};

// A100 and H100, as far as the kernels look.
inline constexpr ShimDevice kA100 = {{.shared_bytes = 163 * 1024}};
inline constexpr ShimDevice kH100 = {{.shared_bytes = 227 * 1024, .cluster_blocks = 8}};

// Devices of so little shared memory that a document of that length and head size is treated as one
// of thousands of tokens: slabs of 8 columns without clusters, slabs of 16 in clusters of 4.
ShimDevice SmallA100(int longest, int head_dim);
ShimDevice SmallH100(int longest, int head_dim);

// Projections rounded to halves, in both forms.
template <class Half>
struct RoundedProjections {
  explicit RoundedProjections(const QkvView& qkv, const DiffusionShape& shape);

  QkvView view() const;  // what the reference kernels are to be given

  std::vector<Half> halves;  // [T, 3 * H * D]
  std::vector<float> floats;
  std::vector<int32_t> offsets;
  int64_t width;
};

// What the kernels gave, and what the shim had to say about them.
struct ShimAnswers {
  kernels::testing::Answers answers;
  std::vector<std::string> reports;
  std::set<std::string> barriers;
};

// Both methods of AttentionKernels by the CUDA kernels. Fails the running test where a kernel
// writes outside its buffers.
template <class Half>
ShimAnswers ComputeOnShim(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                          const RoundedProjections<Half>& batch, const ShimDevice& device);

}  // namespace diffuser::kernels::cuda::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_ATTENTION_H_
