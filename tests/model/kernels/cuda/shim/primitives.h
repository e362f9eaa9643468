#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_PRIMITIVES_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_PRIMITIVES_H_

#include <math.h>

#include <cstdint>
#include <source_location>
#include <string>

#include "model/kernels/cuda/half.h"
#include "tests/model/kernels/cuda/shim/block.h"
#include "tests/model/kernels/cuda/shim/engine.h"
#include "tests/model/kernels/cuda/shim/warp.h"

// The twin of model/kernels/cuda/device/primitives.h, where the contracts stand: kernels that find
// this file in its place compile as plain C++ and run on the engine. Also the words of CUDA C++
// that kernels use.
#define __global__
#define __device__
#define __launch_bounds__(...)
#define threadIdx (::diffuser::kernels::cuda::shim::Current().thread_index)
#define blockIdx (::diffuser::kernels::cuda::shim::Current().block_index)

namespace diffuser::kernels::cuda {

inline void __syncthreads(std::source_location where = std::source_location::current()) {
  shim::BlockBarrier(where);
}
inline void __syncwarp() { shim::WarpBarrier(0xffffffffu); }

inline float __shfl_xor_sync(uint32_t mask, float value, int lane_mask) {
  return shim::ShuffleXor(mask, value, lane_mask);
}

// Byte i of the result is byte `selector >> 4 i` of x (0 to 3) or y (4 to 7).
inline uint32_t __byte_perm(uint32_t x, uint32_t y, uint32_t selector) {
  const uint64_t bytes = uint64_t{y} << 32 | x;
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    result |= static_cast<uint32_t>(bytes >> (8 * (selector >> (4 * i) & 7)) & 0xff) << (8 * i);
  }
  return result;
}

inline uint32_t __ballot_sync(uint32_t mask, bool value) { return shim::Ballot(mask, value); }
inline bool __any_sync(uint32_t mask, bool value) { return __ballot_sync(mask, value) != 0; }

template <class T>
class SharedArray {
 public:
  SharedArray(shim::Block& block, size_t offset, int count)
      : block_(&block), offset_(offset), count_(count) {}

  T Load(int index) const { return LoadAs<T>(index); }
  void Store(int index, T value) const { StoreAs(index, value); }
  void Add(int index, T value) const {
    T* element = At<T>(index, shim::SharedMemory::Access::kAtomic);
    if (element != nullptr) *element += value;
  }

  template <class Vector>
  Vector LoadAs(int index) const {
    const Vector* elements = At<Vector>(index, shim::SharedMemory::Access::kRead);
    return elements != nullptr ? *elements : Vector{};
  }
  template <class Vector>
  void StoreAs(int index, const Vector& value) const {
    Vector* elements = At<Vector>(index, shim::SharedMemory::Access::kWrite);
    if (elements != nullptr) *elements = value;
  }

  SharedArray OfBlock(int rank) const {
    return SharedArray(shim::BlockOfRank(rank), offset_, count_);
  }

 private:
  template <class Vector>
  Vector* At(int index, shim::SharedMemory::Access access) const {
    constexpr int kElements = sizeof(Vector) / sizeof(T);
    if (index < 0 || index + kElements > count_) {
      block_->shared.Report("index " + std::to_string(index) + " of an array of " +
                            std::to_string(count_));
      return nullptr;
    }
    if (block_->ended_threads > 0 && block_ != shim::Current().block) {
      block_->shared.Report("memory of a block whose threads have begun to end is used by another");
    }
    const size_t offset = offset_ + index * sizeof(T);
    if (!block_->shared.Note(offset, sizeof(Vector), access)) return nullptr;
    return reinterpret_cast<Vector*>(block_->shared.data(offset));
  }

  shim::Block* block_;
  size_t offset_;
  int count_;
};

class SharedArena {
 public:
  template <class T>
  SharedArray<T> Take(int count) {
    const SharedArray<T> array(*shim::Current().block, next_, count);
    next_ += (count * sizeof(T) + 15) / 16 * 16;
    return array;
  }

 private:
  size_t next_ = 0;
};

inline int ClusterRank() { return shim::ClusterRank(); }
inline void ClusterSync(std::source_location where = std::source_location::current()) {
  shim::ClusterBarrier(where);
}

template <class T>
T LoadFresh(const T* from) {
  return *from;
}

struct FloatPair {
  float low, high;
};

template <class Half>
uint32_t Pack(float low, float high) {
  return shim::ToBits<Half>(low) | uint32_t{shim::ToBits<Half>(high)} << 16;
}

template <class Half>
FloatPair Unpack(uint32_t pair) {
  return {shim::ToFloat<Half>(pair & 0xffff), shim::ToFloat<Half>(pair >> 16)};
}

inline float Exp(float x) { return expf(x); }

template <class Half>
void Mma(float (&c)[4], const Words& a, uint32_t b0, uint32_t b1) {
  shim::Mma<Half>(c, a, b0, b1);
}

template <class Half>
Words LoadMatricesTransposed(const SharedArray<Half>& from, int index) {
  return shim::TransposeMatrices(from.template LoadAs<Words>(index));
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_SHIM_PRIMITIVES_H_
