#ifndef DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_ATTENTION_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_ATTENTION_H_

#include <cstdint>
#include <vector>

#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {

// One call of AttentionKernels, all pointers to device memory.
template <class Half>
struct DeviceAttention {
  // Its q, k and v stand beside each other in `halves`.
  AttentionArgs<Half> args;
  const float* qkv;      // [T, 3 * H * D]
  Half* halves;          // [T, 3 * H * D]
  Half* half_out;        // as out
  float* out;            // [T, H * D], or [documents, H * D]
  float* partials;       // [chunks, kStripRows, D]
  float* weights;        // [H, T]
  float* evidence;       // [T], or null
  const int32_t* order;  // of the launches' documents
  std::vector<DocumentsLaunch> launches;
  bool first_tokens;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_ATTENTION_H_
