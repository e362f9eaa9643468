#ifndef DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_DEVICE_MEMORY_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_DEVICE_MEMORY_H_

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

namespace diffuser::kernels::cuda {

// Memory on the current device, that only grows. Owns it.
class DeviceMemory {
 public:
  DeviceMemory() = default;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;
  ~DeviceMemory() { cudaFree(data_); }

  // Room for `bytes`; what was there is lost where it had to grow.
  cudaError_t Reserve(size_t bytes) {
    if (bytes <= capacity_) return cudaSuccess;
    cudaFree(data_);
    data_ = nullptr;
    capacity_ = 0;
    const cudaError_t error = cudaMalloc(&data_, bytes);
    if (error == cudaSuccess) capacity_ = bytes;
    return error;
  }

  std::byte* data() const { return static_cast<std::byte*>(data_); }

 private:
  void* data_ = nullptr;
  size_t capacity_ = 0;
};

// Lays arrays out one after another: first without memory, to learn how much they take, then with
// it.
class DeviceLayout {
 public:
  explicit DeviceLayout(std::byte* data) : data_(data) {}

  template <class T>
  T* Take(int64_t count) {
    std::byte* array = data_ == nullptr ? nullptr : data_ + bytes_;
    bytes_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return reinterpret_cast<T*>(array);
  }

  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kAlignment = 256;

  std::byte* data_;
  size_t bytes_ = 0;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_DEVICE_MEMORY_H_
