#include "model/kernels/cuda/attention_launches.h"
#include "model/kernels/cuda/library/cuda_launcher.h"
#include "model/kernels/cuda/library/launches.h"

namespace diffuser::kernels::cuda {

template <class Half>
cudaError_t Diffuse(const AttentionCall<Half>& call, cudaStream_t stream) {
  CudaLauncher launcher(stream);
  LaunchScores(launcher, call);
  LaunchHops(launcher, call);
  return launcher.error();
}

template <class Half>
cudaError_t DiffuseFirstTokens(const AttentionCall<Half>& call, cudaStream_t stream) {
  CudaLauncher launcher(stream);
  LaunchScores(launcher, call);
  LaunchFirstTokens(launcher, call);
  return launcher.error();
}

#define DIFFUSER_INSTANTIATE(Half)                                        \
  template cudaError_t Diffuse(const AttentionCall<Half>&, cudaStream_t); \
  template cudaError_t DiffuseFirstTokens(const AttentionCall<Half>&, cudaStream_t)
DIFFUSER_INSTANTIATE(BFloat16);
DIFFUSER_INSTANTIATE(Float16);
#undef DIFFUSER_INSTANTIATE

}  // namespace diffuser::kernels::cuda
