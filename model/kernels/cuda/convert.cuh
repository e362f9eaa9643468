#ifndef DIFFUSER_MODEL_KERNELS_CUDA_CONVERT_CUH_
#define DIFFUSER_MODEL_KERNELS_CUDA_CONVERT_CUH_

#include <cstdint>

#include "model/kernels/cuda/shared_sizes.h"
#include "primitives.h"

// Between the 16 bits of the kernels and the float32 of callers that have none. Bytes moved: 6 an
// element; bound by memory alone.
namespace diffuser::kernels::cuda {

// to = from, rounded. `pairs` elements two by two. Grid: `blocks`, any number.
template <class Half>
__global__ void __launch_bounds__(kRowThreads)
    RoundToHalves(const float* from, Half* to, int64_t pairs, int blocks) {
  for (int64_t at = int64_t{blockIdx.x} * kRowThreads + threadIdx.x; at < pairs;
       at += int64_t{blocks} * kRowThreads) {
    reinterpret_cast<uint32_t*>(to)[at] = Pack<Half>(from[2 * at], from[2 * at + 1]);
  }
}

// The other way round.
template <class Half>
__global__ void __launch_bounds__(kRowThreads)
    WidenToFloats(const Half* from, float* to, int64_t pairs, int blocks) {
  for (int64_t at = int64_t{blockIdx.x} * kRowThreads + threadIdx.x; at < pairs;
       at += int64_t{blocks} * kRowThreads) {
    const FloatPair pair = Unpack<Half>(reinterpret_cast<const uint32_t*>(from)[at]);
    to[2 * at] = pair.low;
    to[2 * at + 1] = pair.high;
  }
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_CONVERT_CUH_
