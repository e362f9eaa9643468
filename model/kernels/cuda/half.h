#ifndef DIFFUSER_MODEL_KERNELS_CUDA_HALF_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_HALF_H_

#include <cstdint>

// The 16-bit numbers that the kernels read and write, as they lie in memory. Kernels are templates
// over `Half`, one of the two; primitives.h converts.
namespace diffuser::kernels::cuda {

struct BFloat16 {
  uint16_t bits;
};

struct Float16 {
  uint16_t bits;
};

// 16 bytes, moved as one: 8 halves, or one lane's share of a [16, 16] operand of the tensor cores.
struct alignas(16) Words {
  uint32_t at[4];
};

inline constexpr int kHalvesPerWords = 8;

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_HALF_H_
