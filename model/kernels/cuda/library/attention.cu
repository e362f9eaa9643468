#include "model/kernels/cuda/attention_launches.h"
#include "model/kernels/cuda/library/attention.h"
#include "model/kernels/cuda/library/cuda_launcher.h"

namespace diffuser::kernels::cuda {

template <class Half>
cudaError_t LaunchAttention(const DeviceAttention<Half>& call, cudaStream_t stream) {
  CudaLauncher launcher(stream);
  LaunchAttention(launcher, call);
  return launcher.error();
}

template cudaError_t LaunchAttention(const DeviceAttention<BFloat16>&, cudaStream_t);
template cudaError_t LaunchAttention(const DeviceAttention<Float16>&, cudaStream_t);

}  // namespace diffuser::kernels::cuda
