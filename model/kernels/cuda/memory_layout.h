#ifndef DIFFUSER_MODEL_KERNELS_CUDA_MEMORY_LAYOUT_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_MEMORY_LAYOUT_H_

#include <cstddef>
#include <cstdint>

namespace diffuser::kernels::cuda {

// Lays arrays out one after another in one block of memory, at multiples of 256 bytes: without the
// memory to learn how much they take, then in it, and on a device as in its copy on the host. Owns
// nothing.
class MemoryLayout {
 public:
  explicit MemoryLayout(std::byte* memory) : memory_(memory) {}

  template <class T>
  T* Take(int64_t count) {
    std::byte* array = memory_ == nullptr ? nullptr : memory_ + bytes_;
    bytes_ += (count * sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
    return reinterpret_cast<T*>(array);
  }

  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t kAlignment = 256;

  std::byte* memory_;
  size_t bytes_ = 0;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_MEMORY_LAYOUT_H_
