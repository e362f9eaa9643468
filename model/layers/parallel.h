#ifndef DIFFUSER_MODEL_LAYERS_PARALLEL_H_
#define DIFFUSER_MODEL_LAYERS_PARALLEL_H_

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "absl/functional/function_ref.h"

namespace diffuser::layers {

// A kernels::ParallelFor on LibTorch's own pool, so that the attention and the dense layers share
// one. Indices are handed out one by one, as threads come free: their work differs as documents do.
inline void ParallelOnTorchPool(int64_t count, absl::FunctionRef<void(int64_t)> body) {
  std::atomic<int64_t> next = 0;
  const int64_t threads = std::min<int64_t>(count, at::get_num_threads());
  at::parallel_for(0, threads, /*grain_size=*/1, [&](int64_t, int64_t) {
    for (int64_t i = next++; i < count; i = next++) body(i);
  });
}

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_PARALLEL_H_
