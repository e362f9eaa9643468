// The few functions of the CUDA runtime that libdiffuser_cuda.so calls, on a device that the host
// shim plays: its memory is the host's, filled with NaNs, and kernels run at once.
#include "tests/model/kernels/cuda/fake_runtime.h"

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <new>

#include "gtest/gtest.h"
#include "model/kernels/cuda/library/attention.h"
#include "tests/model/kernels/cuda/run_on_shim.h"

namespace diffuser::kernels::cuda {
namespace testing {
namespace {

constexpr std::align_val_t kAlignment{256};

FakeDevice device;
std::map<void*, size_t> allocations;  // and their bytes

// Whether [data, data + bytes) lies in one allocation.
bool IsAllocated(const void* data, size_t bytes) {
  const char* begin = static_cast<const char*>(data);
  auto after = allocations.upper_bound(const_cast<void*>(data));
  if (after == allocations.begin()) return false;
  const auto& [start, size] = *std::prev(after);
  return begin + bytes <= static_cast<const char*>(start) + size;
}

}  // namespace

FakeDevice& TheFakeDevice() { return device; }

}  // namespace testing

template <class Half>
cudaError_t LaunchAttention(const DeviceAttention<Half>& call, cudaStream_t) {
  testing::RunOnShim(call);
  return cudaSuccess;
}
template cudaError_t LaunchAttention(const DeviceAttention<BFloat16>&, cudaStream_t);
template cudaError_t LaunchAttention(const DeviceAttention<Float16>&, cudaStream_t);

}  // namespace diffuser::kernels::cuda

using diffuser::kernels::cuda::testing::allocations;
using diffuser::kernels::cuda::testing::device;
using diffuser::kernels::cuda::testing::IsAllocated;
using diffuser::kernels::cuda::testing::kAlignment;

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  std::strcpy(properties->name, "host shim");
  properties->major = device.capability / 10;
  properties->minor = device.capability % 10;
  properties->sharedMemPerBlockOptin = device.shared_bytes;
  properties->totalGlobalMem = device.memory_bytes;
  return cudaSuccess;
}

const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : "fake error";
}

cudaError_t cudaSetDevice(int) { return cudaSuccess; }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = reinterpret_cast<cudaStream_t>(&device);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t) { return cudaSuccess; }

cudaError_t cudaStreamSynchronize(cudaStream_t) { return cudaSuccess; }

cudaError_t cudaMalloc(void** data, size_t bytes) {
  if (bytes > device.memory_bytes) return cudaErrorMemoryAllocation;
  *data = ::operator new(bytes, kAlignment);
  std::memset(*data, 0xff, bytes);
  allocations[*data] = bytes;
  return cudaSuccess;
}

cudaError_t cudaFree(void* data) {
  if (allocations.erase(data) > 0) ::operator delete(data, kAlignment);
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t) {
  const void* on_device = kind == cudaMemcpyHostToDevice ? to : from;
  EXPECT_TRUE(IsAllocated(on_device, bytes));
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch,
                              size_t width, size_t height, cudaMemcpyKind kind,
                              cudaStream_t stream) {
  for (size_t row = 0; row < height; ++row) {
    cudaMemcpyAsync(static_cast<char*>(to) + row * to_pitch,
                    static_cast<const char*>(from) + row * from_pitch, width, kind, stream);
  }
  return cudaSuccess;
}
