#ifndef DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_PRIMITIVES_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_PRIMITIVES_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "model/kernels/cuda/half.h"

// What the kernels use of a CUDA device beside threadIdx, blockIdx, __syncthreads, __syncwarp and
// the __shfl_xor_sync family: shared memory, clusters, tensor cores and conversions. Kernels say
// #include "primitives.h"; the tests put a twin of this file in its place that runs the same
// kernels on the host and reports races. Everything here compiles to the instructions it names.
namespace diffuser::kernels::cuda {

// --- Shared memory. ---

// An array in the shared memory of this block, or of another one of its cluster.
template <class T>
class SharedArray {
 public:
  __device__ explicit SharedArray(T* data) : data_(data) {}

  __device__ T Load(int index) const { return data_[index]; }
  __device__ void Store(int index, T value) const { data_[index] = value; }
  __device__ void Add(int index, T value) const { atomicAdd(data_ + index, value); }

  // Several elements at once. REQUIRES: index is a multiple of their number.
  template <class Vector>
  __device__ Vector LoadAs(int index) const {
    return *reinterpret_cast<const Vector*>(data_ + index);
  }
  template <class Vector>
  __device__ void StoreAs(int index, const Vector& value) const {
    *reinterpret_cast<Vector*>(data_ + index) = value;
  }

  // The same array of the block with that rank in the cluster.
  __device__ SharedArray OfBlock(int rank) const {
#if __CUDA_ARCH__ >= 900
    return SharedArray(static_cast<T*>(__cluster_map_shared_rank(data_, rank)));
#else
    return *this;
#endif
  }

  __device__ uint32_t address() const {
    return static_cast<uint32_t>(__cvta_generic_to_shared(data_));
  }

 private:
  T* data_;
};

// Hands out the dynamic shared memory of the launch, piece after piece, in the same order in every
// thread.
class SharedArena {
 public:
  __device__ SharedArena() {
    extern __shared__ Words dynamic_shared_memory[];
    next_ = reinterpret_cast<char*>(dynamic_shared_memory);
  }

  // Room for `count` elements, at a multiple of 16 bytes.
  template <class T>
  __device__ SharedArray<T> Take(int count) {
    T* data = reinterpret_cast<T*>(next_);
    next_ += (count * sizeof(T) + 15) / 16 * 16;
    return SharedArray<T>(data);
  }

 private:
  char* next_;
};

// --- Clusters: one block on devices that have none. ---

__device__ inline int ClusterRank() {
#if __CUDA_ARCH__ >= 900
  return static_cast<int>(__clusterRelativeBlockRank());
#else
  return 0;
#endif
}

// All threads of the cluster meet; what they wrote to shared and global memory is seen by the rest.
__device__ inline void ClusterSync() {
#if __CUDA_ARCH__ >= 900
  __cluster_barrier_arrive();
  __cluster_barrier_wait();
#else
  __syncthreads();
#endif
}

// What another block of the cluster may have written before the last ClusterSync: from L2, past
// this SM's own cache (ld.global.cg).
template <class T>
__device__ T LoadFresh(const T* from) {
  return __ldcg(from);
}
template <>
__device__ inline Words LoadFresh<Words>(const Words* from) {
  const uint4 words = __ldcg(reinterpret_cast<const uint4*>(from));
  return {words.x, words.y, words.z, words.w};
}

// --- Conversions: cvt.rn. ---

template <class Half>
__device__ uint32_t Pack(float low, float high);
template <>
__device__ inline uint32_t Pack<BFloat16>(float low, float high) {
  uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}
template <>
__device__ inline uint32_t Pack<Float16>(float low, float high) {
  uint32_t pair;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

struct FloatPair {
  float low, high;
};

template <class Half>
__device__ FloatPair Unpack(uint32_t pair);
template <>
__device__ inline FloatPair Unpack<BFloat16>(uint32_t pair) {
  return {__uint_as_float(pair << 16), __uint_as_float(pair & 0xffff0000u)};
}
template <>
__device__ inline FloatPair Unpack<Float16>(uint32_t pair) {
  FloatPair values;
  asm("{.reg .f16 low, high; mov.b32 {low, high}, %2; cvt.f32.f16 %0, low; cvt.f32.f16 %1, high;}"
      : "=f"(values.low), "=f"(values.high)
      : "r"(pair));
  return values;
}

__device__ inline float Exp(float x) { return __expf(x); }  // ex2.approx: 2 ulp near 0

// --- Tensor cores, for a whole warp. ---

// c += a b for a [16, 16] and b [16, 8], by mma.sync.m16n8k16 with float32 accumulation. With
// g = lane / 4 and t = lane % 4, a lane holds, two elements a word:
//   a  rows g, g + 8, g, g + 8;  columns 2 t and 2 t + 1, the last two words' 8 further on
//   b  column g;  rows 2 t and 2 t + 1, in b1 8 further on
//   c  row g for c[0] and c[1], g + 8 for c[2] and c[3];  columns 2 t and 2 t + 1
template <class Half>
__device__ void Mma(float (&c)[4], const Words& a, uint32_t b0, uint32_t b1);

#define DIFFUSER_MMA(type)                                                   \
  asm("mma.sync.aligned.m16n8k16.row.col.f32." type "." type                 \
      ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                       \
      : "r"(a.at[0]), "r"(a.at[1]), "r"(a.at[2]), "r"(a.at[3]), "r"(b0), "r"(b1))
template <>
__device__ inline void Mma<BFloat16>(float (&c)[4], const Words& a, uint32_t b0, uint32_t b1) {
  DIFFUSER_MMA("bf16");
}
template <>
__device__ inline void Mma<Float16>(float (&c)[4], const Words& a, uint32_t b0, uint32_t b1) {
  DIFFUSER_MMA("f16");
}
#undef DIFFUSER_MMA

// Four [8, 8] matrices, transposed, by ldmatrix: lane l names row l % 8 of matrix l / 8, 8 elements
// from `index` on, and gets of matrix m in word m the rows 2 t and 2 t + 1 of column g.
template <class Half>
__device__ Words LoadMatricesTransposed(const SharedArray<Half>& from, int index) {
  Words words;
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(words.at[0]), "=r"(words.at[1]), "=r"(words.at[2]), "=r"(words.at[3])
               : "r"(from.address() + index * static_cast<uint32_t>(sizeof(Half)))
               : "memory");
  return words;
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_PRIMITIVES_H_
