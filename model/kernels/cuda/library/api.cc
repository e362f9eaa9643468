// The table of c_api.h.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "model/kernels/cuda/c_api.h"
#include "model/kernels/cuda/library/context.h"

namespace diffuser::kernels::cuda {
namespace {

constexpr int kPortableCluster = 8;  // blocks, on every device with clusters
constexpr int kOldestCapability = 80;

const char* Text(cudaError_t error) {
  return error == cudaSuccess ? nullptr : cudaGetErrorString(error);
}

const char* CountDevices(int32_t* count) {
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  *count = devices;
  return Text(error);
}

const char* DescribeDevice(int32_t device, DeviceInfo* info) {
  cudaDeviceProp properties;
  if (const auto error = cudaGetDeviceProperties(&properties, device); error != cudaSuccess) {
    return Text(error);
  }
  std::memset(info, 0, sizeof(*info));
  info->ordinal = device;
  std::copy_n(properties.name, sizeof(info->name) - 1, info->name);
  info->compute_capability = 10 * properties.major + properties.minor;
  info->shared_bytes = static_cast<int32_t>(properties.sharedMemPerBlockOptin);
  info->cluster_blocks = properties.major >= 9 ? kPortableCluster : 1;
  info->memory_bytes = static_cast<int64_t>(properties.totalGlobalMem);
  return info->compute_capability < kOldestCapability ? "older than compute capability 8.0"
                                                      : nullptr;
}

const char* MakeContext(int32_t device, const GraphCopy* graph, HalfType type, Context** context) {
  try {
    auto made = std::make_unique<Context>(device, type);
    const cudaError_t error = made->Prepare(*graph);
    if (error == cudaSuccess) *context = made.release();
    return Text(error);
  } catch (const std::bad_alloc&) {
    return "out of host memory";
  }
}

void FreeContext(Context* context) { delete context; }

const char* ComputeAttention(Context* context, const AttentionCall* call) {
  try {
    return Text(context->Compute(*call));
  } catch (const std::bad_alloc&) {
    return "out of host memory";
  }
}

constexpr Api kApi = {kApiVersion, CountDevices, DescribeDevice,
                      MakeContext, FreeContext,  ComputeAttention};

}  // namespace
}  // namespace diffuser::kernels::cuda

extern "C" __attribute__((visibility("default"))) const diffuser::kernels::cuda::Api*
diffuser_cuda_api() {
  return &diffuser::kernels::cuda::kApi;
}
