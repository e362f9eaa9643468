#include "model/kernels/cuda/library/cuda_launcher.h"
#include "model/kernels/cuda/library/rowwise.h"
#include "model/kernels/cuda/rowwise.cuh"

namespace diffuser::kernels::cuda {
namespace {

constexpr int kActivationBlocks = 1024;

LaunchDims Rows(int rows, int hidden) {
  return {.x = rows, .threads = kRowThreads, .shared_bytes = RowSharedBytes(hidden)};
}

}  // namespace

template <class Half>
cudaError_t LaunchResidualLayerNorm(const ResidualLayerNormArgs<Half>& args, int rows,
                                    cudaStream_t stream) {
  CudaLauncher launcher(stream);
  launcher.Launch(Rows(rows, args.norm.hidden), ResidualLayerNorm<Half>, args);
  return launcher.error();
}

template <class Half>
cudaError_t LaunchEmbeddingLayerNorm(const EmbeddingLayerNormArgs<Half>& args, int tokens,
                                     cudaStream_t stream) {
  CudaLauncher launcher(stream);
  launcher.Launch(Rows(tokens, args.norm.hidden), EmbeddingLayerNorm<Half>, args);
  return launcher.error();
}

template <class Half>
cudaError_t LaunchBiasActivation(const BiasActivationArgs<Half>& args, cudaStream_t stream) {
  CudaLauncher launcher(stream);
  launcher.Launch({.x = kActivationBlocks, .threads = kRowThreads}, BiasActivation<Half>, args,
                  kActivationBlocks);
  return launcher.error();
}

#define DIFFUSER_INSTANTIATE(Half)                                                        \
  template cudaError_t LaunchResidualLayerNorm(const ResidualLayerNormArgs<Half>&, int,   \
                                               cudaStream_t);                             \
  template cudaError_t LaunchEmbeddingLayerNorm(const EmbeddingLayerNormArgs<Half>&, int, \
                                                cudaStream_t);                            \
  template cudaError_t LaunchBiasActivation(const BiasActivationArgs<Half>&, cudaStream_t)
DIFFUSER_INSTANTIATE(BFloat16);
DIFFUSER_INSTANTIATE(Float16);
#undef DIFFUSER_INSTANTIATE

}  // namespace diffuser::kernels::cuda
