// The few functions of the CUDA runtime that libdiffuser_cuda.so calls, on a device that the host
// shim plays.
#include "tests/model/kernels/cuda/fake_runtime.h"

#include <cuda_runtime_api.h>

#include <cstring>
#include <new>

#include "model/kernels/cuda/library/launches.h"
#include "tests/model/kernels/cuda/run_on_shim.h"

namespace diffuser::kernels::cuda {
namespace testing {
namespace {

constexpr std::align_val_t kAlignment{256};

FakeDevice device;

cudaError_t Fail(cudaError_t error) {
  device.last_error = error;
  return error;
}

// What the device was told to give.
cudaError_t Answer() {
  return device.error == 0 ? cudaSuccess : Fail(static_cast<cudaError_t>(device.error));
}

template <class Launch>
cudaError_t Launched(const Launch& launch) {
  const cudaError_t error = Answer();
  if (error == cudaSuccess) launch();
  return error;
}

}  // namespace

FakeDevice& TheFakeDevice() { return device; }

}  // namespace testing

template <class Half>
cudaError_t Diffuse(const AttentionCall<Half>& call, cudaStream_t) {
  return testing::Launched([&] { testing::DiffuseOnShim(call); });
}

template <class Half>
cudaError_t DiffuseFirstTokens(const AttentionCall<Half>& call, cudaStream_t) {
  return testing::Launched([&] { testing::DiffuseFirstTokensOnShim(call); });
}

template <class Half>
cudaError_t NormalizeEmbeddings(const EmbeddingLayerNormArgs<Half>& args, int tokens,
                                cudaStream_t) {
  return testing::Launched([&] { testing::RunRowsOnShim(args, tokens); });
}

template <class Half>
cudaError_t AddAndNormalize(const ResidualLayerNormArgs<Half>& args, int rows, cudaStream_t) {
  return testing::Launched([&] { testing::RunRowsOnShim(args, rows); });
}

template <class Half>
cudaError_t Activate(const BiasActivationArgs<Half>& args, cudaStream_t) {
  return testing::Launched([&] { testing::RunRowsOnShim(args); });
}

#define DIFFUSER_INSTANTIATE(Half)                                                             \
  template cudaError_t Diffuse(const AttentionCall<Half>&, cudaStream_t);                      \
  template cudaError_t DiffuseFirstTokens(const AttentionCall<Half>&, cudaStream_t);           \
  template cudaError_t NormalizeEmbeddings(const EmbeddingLayerNormArgs<Half>&, int,           \
                                           cudaStream_t);                                      \
  template cudaError_t AddAndNormalize(const ResidualLayerNormArgs<Half>&, int, cudaStream_t); \
  template cudaError_t Activate(const BiasActivationArgs<Half>&, cudaStream_t)
DIFFUSER_INSTANTIATE(BFloat16);
DIFFUSER_INSTANTIATE(Float16);
#undef DIFFUSER_INSTANTIATE

}  // namespace diffuser::kernels::cuda

using diffuser::kernels::cuda::testing::Answer;
using diffuser::kernels::cuda::testing::device;
using diffuser::kernels::cuda::testing::Fail;
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
  properties->clusterLaunch = device.has_clusters;
  properties->totalGlobalMem = device.memory_bytes;
  return cudaSuccess;
}

const char* cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorMemoryAllocation ? "out of memory" : "fake error";
}

cudaError_t cudaGetLastError() {
  const auto error = static_cast<cudaError_t>(device.last_error);
  device.last_error = 0;
  return error;
}

cudaError_t cudaSetDevice(int ordinal) {
  return ordinal == 0 ? cudaSuccess : Fail(cudaErrorInvalidDevice);
}

cudaError_t cudaDeviceSynchronize() { return Answer(); }

cudaError_t cudaMalloc(void** data, size_t bytes) {
  if (bytes > device.memory_bytes) return Fail(cudaErrorMemoryAllocation);
  *data = ::operator new(bytes, kAlignment);
  return cudaSuccess;
}

cudaError_t cudaFree(void* data) {
  ::operator delete(data, kAlignment);
  return cudaSuccess;
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind) {
  std::memcpy(to, from, bytes);
  return cudaSuccess;
}
