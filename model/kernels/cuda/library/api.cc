// The table of c_api.h.
#include <cuda_runtime_api.h>

#include <algorithm>

#include "model/kernels/cuda/c_api.h"
#include "model/kernels/cuda/library/errors.h"
#include "model/kernels/cuda/library/launches.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr int kPortableCluster = 8;  // blocks, on every device with clusters
constexpr int kOldestCapability = 80;

Error CountDevices(int32_t* count) {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  *count = devices;
  return ToError(error);
}

Error DescribeDevice(int32_t device, DeviceInfo* info) {
  cudaDeviceProp properties;
  if (const auto error = cudaGetDeviceProperties(&properties, device); error != cudaSuccess) {
    return ToError(error);
  }
  *info = {};
  info->ordinal = device;
  std::copy_n(properties.name, sizeof(info->name) - 1, info->name);
  info->compute_capability = 10 * properties.major + properties.minor;
  info->shared_bytes = static_cast<int32_t>(properties.sharedMemPerBlockOptin);
  info->cluster_blocks = properties.clusterLaunch != 0 ? kPortableCluster : 1;
  info->memory_bytes = static_cast<int64_t>(properties.totalGlobalMem);
  if (info->compute_capability >= kOldestCapability) return ToError(cudaSuccess);
  return {ErrorKind::kOther, "older than compute capability 8.0"};
}

Error Upload(int32_t device, const void* from, int64_t bytes, void** memory) {
  return OnDevice(device, [&] {
    void* to = nullptr;
    if (const auto error = cudaMalloc(&to, bytes); error != cudaSuccess) return error;
    const cudaError_t error = cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice);
    if (error == cudaSuccess) {
      *memory = to;
    } else {
      cudaFree(to);
    }
    return error;
  });
}

void FreeMemory(int32_t device, void* memory) {
  OnDevice(device, [&] { return cudaFree(memory); });
}

Error CheckDevice(int32_t device) {
  return OnDevice(device, [] { return cudaDeviceSynchronize(); });
}

cudaStream_t StreamOf(DeviceStream place) { return static_cast<cudaStream_t>(place.stream); }

template <class Half>
constexpr KernelApi<Half> kKernels = {
    [](DeviceStream place, const AttentionCall<Half>* call) {
      return OnDevice(place.ordinal, [&] { return Diffuse(*call, StreamOf(place)); });
    },
    [](DeviceStream place, const AttentionCall<Half>* call) {
      return OnDevice(place.ordinal, [&] { return DiffuseFirstTokens(*call, StreamOf(place)); });
    },
    [](DeviceStream place, const EmbeddingLayerNormArgs<Half>* args, int32_t tokens) {
      return OnDevice(place.ordinal,
                      [&] { return NormalizeEmbeddings(*args, tokens, StreamOf(place)); });
    },
    [](DeviceStream place, const ResidualLayerNormArgs<Half>* args, int32_t rows) {
      return OnDevice(place.ordinal, [&] { return AddAndNormalize(*args, rows, StreamOf(place)); });
    },
    [](DeviceStream place, const BiasActivationArgs<Half>* args) {
      return OnDevice(place.ordinal, [&] { return Activate(*args, StreamOf(place)); });
    },
};

constexpr Api kApi = {kApiVersion, CountDevices, DescribeDevice,     Upload,
                      FreeMemory,  CheckDevice,  kKernels<BFloat16>, kKernels<Float16>};

}  // namespace
}  // namespace diffuser::kernels::cuda

extern "C" __attribute__((visibility("default"))) const diffuser::kernels::cuda::Api*
diffuser_cuda_api() {
  return &diffuser::kernels::cuda::kApi;
}
