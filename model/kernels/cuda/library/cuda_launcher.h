#ifndef DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_CUDA_LAUNCHER_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_CUDA_LAUNCHER_H_

#include <cuda_runtime.h>

#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {

// A Launcher (attention_launches.h) on a CUDA stream. After the first launch that fails it does
// nothing more.
class CudaLauncher {
 public:
  explicit CudaLauncher(cudaStream_t stream) : stream_(stream) {}

  template <class... Parameters, class... Args>
  void Launch(const LaunchDims& dims, void (*kernel)(Parameters...), const Args&... args) {
    if (error_ == cudaSuccess) error_ = AllowShared(kernel, dims.shared_bytes);
    if (error_ != cudaSuccess) return;
    cudaLaunchAttribute cluster = {};
    cluster.id = cudaLaunchAttributeClusterDimension;
    cluster.val.clusterDim = {static_cast<unsigned>(dims.cluster), 1, 1};
    cudaLaunchConfig_t config = {};
    config.gridDim = dim3(dims.x, dims.y, dims.z);
    config.blockDim = dim3(dims.threads);
    config.dynamicSmemBytes = dims.shared_bytes;
    config.stream = stream_;
    config.attrs = &cluster;
    config.numAttrs = dims.cluster > 1 ? 1 : 0;
    error_ = cudaLaunchKernelEx(&config, kernel, Parameters(args)...);
  }

  cudaError_t error() const { return error_; }

 private:
  static constexpr int64_t kAlwaysAllowed = 48 * 1024;

  // Lets the kernel have as much shared memory as the device has, rather than what this launch
  // takes: other threads may launch it with more at the same time.
  template <class Kernel>
  static cudaError_t AllowShared(Kernel kernel, int64_t bytes) {
    if (bytes <= kAlwaysAllowed) return cudaSuccess;
    int device = 0;
    int most = 0;
    cudaError_t error = cudaGetDevice(&device);
    if (error != cudaSuccess) return error;
    error = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
    if (error != cudaSuccess) return error;
    return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, most);
  }

  cudaStream_t stream_;
  cudaError_t error_ = cudaSuccess;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_CUDA_LAUNCHER_H_
