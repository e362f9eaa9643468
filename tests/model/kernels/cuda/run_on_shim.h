#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_RUN_ON_SHIM_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_RUN_ON_SHIM_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "model/kernels/cuda/attention_call.h"
#include "model/kernels/cuda/rowwise_args.h"

// The library's launches on the host shim. Stands apart because the shim's words of CUDA C++ and
// the runtime's headers do not go together.
namespace diffuser::kernels::cuda::testing {

// How the fake device runs kernels. To be set while nothing uses it.
struct ShimStream {
  bool last_first = false;           // see shim::LaunchShape
  std::string without_barrier = {};  // see shim::LaunchShape
  // Where the shim's reports go; null: they fail the running test.
  std::vector<std::string>* reports = nullptr;
  // The barriers that kernels came to; may be null.
  std::set<std::string>* barriers = nullptr;
  // Not null: launches are put here instead of being run, with their arguments as they are now, as
  // a stream does while it is captured.
  std::vector<std::function<void()>>* captured = nullptr;
};
ShimStream& TheShimStream();

template <class Half>
void DiffuseOnShim(const AttentionCall<Half>& call);
template <class Half>
void DiffuseFirstTokensOnShim(const AttentionCall<Half>& call);
template <class Half>
void RunRowsOnShim(const EmbeddingLayerNormArgs<Half>& args, int tokens);
template <class Half>
void RunRowsOnShim(const ResidualLayerNormArgs<Half>& args, int rows);
template <class Half>
void RunRowsOnShim(const BiasActivationArgs<Half>& args);

}  // namespace diffuser::kernels::cuda::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_RUN_ON_SHIM_H_
