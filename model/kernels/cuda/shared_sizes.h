#ifndef DIFFUSER_MODEL_KERNELS_CUDA_SHARED_SIZES_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_SHARED_SIZES_H_

#include <cstdint>

#include "model/kernels/cuda/layout.h"

// Threads and bytes of shared memory of a block, kernel by kernel: what the host launches with and
// the kernels count on.
namespace diffuser::kernels::cuda {

// StripScores, GlobalRowScores, FinishGlobalRows: warps that share nothing.
inline constexpr int kScoreWarps = 4;
inline constexpr int kScoreThreads = kScoreWarps * kWarp;

// Hops.
inline constexpr int kHopWarps = 16;
inline constexpr int kHopThreads = kHopWarps * kWarp;

// The widths of slabs that there are kernels for.
inline constexpr int kHopWidths[] = {32, 24, 16, 8};

// A slab of `width` columns of h.
constexpr int64_t HopSharedBytes(int width, int length) { return int64_t{length} * width * 2; }

// FirstTokens.
inline constexpr int kFirstWarps = 16;
inline constexpr int kFirstThreads = kFirstWarps * kWarp;

// Three vectors over the tokens, and sums of values: one a warp, and their total.
constexpr int64_t FirstTokenSharedBytes(int length, int head_dim) {
  return int64_t{3} * CeilDiv(length, 4) * 16 + int64_t{kFirstWarps + 1} * head_dim * 4;
}

// ResidualLayerNorm, EmbeddingLayerNorm, BiasActivation.
inline constexpr int kRowThreads = 128;

// A row, and one sum a warp.
constexpr int64_t RowSharedBytes(int hidden) { return int64_t{hidden} * 4 + kRowThreads / 8; }

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_SHARED_SIZES_H_
