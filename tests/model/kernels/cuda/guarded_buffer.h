#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_GUARDED_BUFFER_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_GUARDED_BUFFER_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>

namespace diffuser::kernels::cuda::testing {

// An array in place of one on a device: between guards that must be found untouched, every byte
// 0xff at first, so that what nobody wrote is a NaN.
template <class T>
class GuardedBuffer {
 public:
  explicit GuardedBuffer(size_t count)
      : count_(count), bytes_(count * sizeof(T) + 2 * kGuard), memory_(Allocate(bytes_)) {
    std::memset(memory_.get(), 0xff, bytes_);
    std::memset(memory_.get(), kGuardByte, kGuard);
    std::memset(memory_.get() + bytes_ - kGuard, kGuardByte, kGuard);
  }

  T* data() { return reinterpret_cast<T*>(memory_.get() + kGuard); }
  const T* data() const { return reinterpret_cast<const T*>(memory_.get() + kGuard); }
  size_t size() const { return count_; }

  // As at first.
  void Clear() { std::memset(data(), 0xff, count_ * sizeof(T)); }

  bool IsIntact() const {
    const auto is_guard = [](unsigned char byte) { return byte == kGuardByte; };
    return std::all_of(memory_.get(), memory_.get() + kGuard, is_guard) &&
           std::all_of(memory_.get() + bytes_ - kGuard, memory_.get() + bytes_, is_guard);
  }

 private:
  static constexpr size_t kGuard = 4096;
  static constexpr unsigned char kGuardByte = 0xa5;
  static constexpr std::align_val_t kAlignment{256};  // as cudaMalloc

  struct Free {
    void operator()(unsigned char* memory) const { ::operator delete[](memory, kAlignment); }
  };
  using Memory = std::unique_ptr<unsigned char[], Free>;

  static Memory Allocate(size_t bytes) {
    return Memory(static_cast<unsigned char*>(::operator new[](bytes, kAlignment)));
  }

  size_t count_;
  size_t bytes_;
  Memory memory_;
};

}  // namespace diffuser::kernels::cuda::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_GUARDED_BUFFER_H_
