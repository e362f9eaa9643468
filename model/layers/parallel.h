#ifndef DIFFUSER_MODEL_LAYERS_PARALLEL_H_
#define DIFFUSER_MODEL_LAYERS_PARALLEL_H_

#include <ATen/Parallel.h>

#include <cstdint>

#include "absl/functional/function_ref.h"

namespace diffuser::layers {

// A kernels::ParallelFor on LibTorch's own pool, so that the attention and the dense layers share
// one.
inline void ParallelOnTorchPool(int64_t count, absl::FunctionRef<void(int64_t)> body) {
  at::parallel_for(0, count, /*grain_size=*/1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) body(i);
  });
}

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_PARALLEL_H_
