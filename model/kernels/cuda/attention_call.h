#ifndef DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_CALL_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_CALL_H_

#include <cstdint>

#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {

// The attention diffusion of one layer, of every token or of every document's first one. Pointers
// are to device memory, but for `launches`.
template <class Half>
struct AttentionCall {
  AttentionArgs<Half> args;
  // The most that the batch may have: what grids are made for.
  int64_t tokens;
  int64_t strips;
  int64_t chunks;
  const DocumentsLaunch* launches;  // of the hops, or of first tokens
  int32_t launch_count;
  // Hops: sums of chunks, [chunks of all heads, kStripRows, D]. First tokens: s of every head and
  // token, [H, tokens].
  float* scratch;
  Half* out;        // [T, H * D], or [documents, H * D]
  float* evidence;  // of first tokens: [T], or null
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_ATTENTION_CALL_H_
