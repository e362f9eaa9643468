#ifndef DIFFUSER_MODEL_KERNELS_CUDA_ROW_LAUNCHES_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_ROW_LAUNCHES_H_

#include <algorithm>
#include <cstdint>

#include "model/kernels/cuda/rowwise.cuh"

// The launches of the kernels between the dense layers. `Launcher` as in attention_launches.h.
namespace diffuser::kernels::cuda {

inline LaunchDims RowBlocks(int rows, int hidden) {
  return {.x = rows, .threads = kRowThreads, .shared_bytes = RowSharedBytes(hidden)};
}

template <class Half, class Launcher>
void LaunchRows(Launcher& launcher, const EmbeddingLayerNormArgs<Half>& args, int tokens) {
  launcher.Launch(RowBlocks(tokens, args.norm.hidden), EmbeddingLayerNorm<Half>, args);
}

template <class Half, class Launcher>
void LaunchRows(Launcher& launcher, const ResidualLayerNormArgs<Half>& args, int rows) {
  launcher.Launch(RowBlocks(rows, args.norm.hidden), ResidualLayerNorm<Half>, args);
}

template <class Half, class Launcher>
void LaunchRows(Launcher& launcher, const BiasActivationArgs<Half>& args) {
  constexpr int64_t kMostRowBlocks = 1024;
  const int64_t pieces = int64_t{args.rows} * (args.width / kHalvesPerWords);
  const auto blocks =
      static_cast<int>(std::min(kMostRowBlocks, (pieces + kRowThreads - 1) / kRowThreads));
  launcher.Launch({.x = blocks, .threads = kRowThreads}, BiasActivation<Half>, args, blocks);
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_ROW_LAUNCHES_H_
