#include "model/kernels/cuda/library/cuda_launcher.h"
#include "model/kernels/cuda/library/launches.h"
#include "model/kernels/cuda/row_launches.h"

namespace diffuser::kernels::cuda {

template <class Half>
cudaError_t NormalizeEmbeddings(const EmbeddingLayerNormArgs<Half>& args, int tokens,
                                cudaStream_t stream) {
  CudaLauncher launcher(stream);
  LaunchRows(launcher, args, tokens);
  return launcher.error();
}

template <class Half>
cudaError_t AddAndNormalize(const ResidualLayerNormArgs<Half>& args, int rows,
                            cudaStream_t stream) {
  CudaLauncher launcher(stream);
  LaunchRows(launcher, args, rows);
  return launcher.error();
}

template <class Half>
cudaError_t Activate(const BiasActivationArgs<Half>& args, cudaStream_t stream) {
  CudaLauncher launcher(stream);
  LaunchRows(launcher, args);
  return launcher.error();
}

#define DIFFUSER_INSTANTIATE(Half)                                                             \
  template cudaError_t NormalizeEmbeddings(const EmbeddingLayerNormArgs<Half>&, int,           \
                                           cudaStream_t);                                      \
  template cudaError_t AddAndNormalize(const ResidualLayerNormArgs<Half>&, int, cudaStream_t); \
  template cudaError_t Activate(const BiasActivationArgs<Half>&, cudaStream_t)
DIFFUSER_INSTANTIATE(BFloat16);
DIFFUSER_INSTANTIATE(Float16);
#undef DIFFUSER_INSTANTIATE

}  // namespace diffuser::kernels::cuda
