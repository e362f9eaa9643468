// Small dense products, for each of Highway's targets; included by cpu_head.cc and
// cpu_training_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_GEMM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_GEMM_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_GEMM_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_GEMM_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using FloatVec = hn::Vec<Floats>;

// A tile of C stays in registers: kTileRows x kTileVecs sums, kTileVecs of B, one of A.
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || \
    HWY_TARGET == HWY_AVX2
constexpr int kTileRows = 4;  // 16 registers
constexpr int kTileVecs = 2;
#else
constexpr int kTileRows = 4;  // 32 registers
constexpr int kTileVecs = 4;
#endif

// Depth of B that is swept by all rows of A before the next: it stays in the first-level cache.
constexpr int kDepth = 128;

HWY_INLINE int RoundUp(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }

HWY_INLINE int RoundUpToLanes(int n) { return RoundUp(n, static_cast<int>(hn::Lanes(Floats()))); }

// What a product multiplies: floats one by one.
struct FloatOps {
  using Factor = float;   // A's elements
  using Element = float;  // B's
  static HWY_INLINE FloatVec Load(const float* from) { return hn::LoadU(Floats(), from); }
  static HWY_INLINE FloatVec Set(float value) { return hn::Set(Floats(), value); }
  static HWY_INLINE FloatVec MulAdd(FloatVec a, FloatVec b, FloatVec sum) {
    return hn::MulAdd(a, b, sum);
  }
};

// C = A B, or C += A B, in units of one vector along C's rows:
//   C[m][n] = sum over t < depth of A[m][t] * B[t][n]
// and, while C is at hand, a second product of the same shape is added to it: of A2 and B2, whose
// depth is its own.
template <class Ops>
struct ProductOf {
  using Factor = typename Ops::Factor;
  using Element = typename Ops::Element;
  int rows = 0;               // m
  int vecs = 0;               // n, in vectors
  int depth = 0;              // t
  const Factor* a = nullptr;  // A[m][t] at m * a_stride + t
  ptrdiff_t a_stride = 0;
  const Element* b = nullptr;  // vector n of B[t] at t * b_stride + n * b_vec_stride
  ptrdiff_t b_stride = 0;
  ptrdiff_t b_vec_stride = 0;
  float* c = nullptr;  // vector n of C[m] at m * c_stride + n * lanes
  ptrdiff_t c_stride = 0;
  bool accumulate = false;
  int depth2 = 0;
  const Factor* a2 = nullptr;
  ptrdiff_t a2_stride = 0;
  const Element* b2 = nullptr;  // with the strides of b
};
using Product = ProductOf<FloatOps>;

// sum += A B, of one tile; `p` gives B's strides.
template <class Ops, int kRows, int kVecs>
HWY_INLINE void AddTerms(const typename Ops::Factor* HWY_RESTRICT a, ptrdiff_t a_stride,
                         const typename Ops::Element* HWY_RESTRICT b, const ProductOf<Ops>& p,
                         int depth, FloatVec (&sum)[kRows][kVecs]) {
  for (int t = 0; t < depth; ++t) {
    decltype(Ops::Load(b)) row[kVecs];
    for (int n = 0; n < kVecs; ++n) row[n] = Ops::Load(b + n * p.b_vec_stride);
    for (int m = 0; m < kRows; ++m) {
      const auto factor = Ops::Set(a[m * a_stride + t]);
      for (int n = 0; n < kVecs; ++n) sum[m][n] = Ops::MulAdd(factor, row[n], sum[m][n]);
    }
    b += p.b_stride;
  }
}

template <class Ops, int kRows, int kVecs>
HWY_NOINLINE void MultiplyTile(const ProductOf<Ops>& p) {
  const Floats d;
  const ptrdiff_t lanes = hn::Lanes(d);
  FloatVec sum[kRows][kVecs];
  for (int m = 0; m < kRows; ++m) {
    for (int n = 0; n < kVecs; ++n) {
      sum[m][n] = p.accumulate ? hn::LoadU(d, p.c + m * p.c_stride + n * lanes) : hn::Zero(d);
    }
  }
  AddTerms<Ops>(p.a, p.a_stride, p.b, p, p.depth, sum);
  AddTerms<Ops>(p.a2, p.a2_stride, p.b2, p, p.depth2, sum);
  for (int m = 0; m < kRows; ++m) {
    for (int n = 0; n < kVecs; ++n) {
      hn::StoreU(sum[m][n], d, p.c + m * p.c_stride + n * lanes);
    }
  }
}

template <class Ops, int kVecs>
HWY_INLINE void MultiplyRows(ProductOf<Ops> p) {
  static_assert(kTileRows == 4);
  const int rows = p.rows;
  for (int m = 0; m < rows; m += kTileRows) {
    switch (std::min(kTileRows, rows - m)) {
      case 1:
        MultiplyTile<Ops, 1, kVecs>(p);
        break;
      case 2:
        MultiplyTile<Ops, 2, kVecs>(p);
        break;
      case 3:
        MultiplyTile<Ops, 3, kVecs>(p);
        break;
      default:
        MultiplyTile<Ops, 4, kVecs>(p);
        break;
    }
    p.a += kTileRows * p.a_stride;
    p.a2 += kTileRows * p.a2_stride;
    p.c += kTileRows * p.c_stride;
  }
}

// All columns of one slice of the depth; the columns in tiles of as even a width as can be.
template <class Ops>
HWY_INLINE void MultiplySlice(ProductOf<Ops> p) {
  const ptrdiff_t lanes = hn::Lanes(Floats());
  int left = p.vecs;
  for (int tiles = (left + kTileVecs - 1) / kTileVecs; tiles > 0; --tiles) {
    const int vecs = (left + tiles - 1) / tiles;
    switch (vecs) {
      case 1:
        MultiplyRows<Ops, 1>(p);
        break;
      case 2:
        MultiplyRows<Ops, 2>(p);
        break;
      case 3:
        MultiplyRows<Ops, std::min(3, kTileVecs)>(p);
        break;
      default:
        MultiplyRows<Ops, kTileVecs>(p);
        break;
    }
    p.b += vecs * p.b_vec_stride;
    if (p.depth2 > 0) p.b2 += vecs * p.b_vec_stride;
    p.c += vecs * lanes;
    left -= vecs;
  }
}

template <class Ops>
HWY_INLINE void MultiplyAll(ProductOf<Ops> p) {
  const int depth = p.depth;
  p.depth = std::min(depth, kDepth);
  MultiplySlice(p);
  p.depth2 = 0;
  for (int t = kDepth; t < depth; t += kDepth) {
    p.a += kDepth;
    p.b += kDepth * p.b_stride;
    p.depth = std::min(depth - t, kDepth);
    p.accumulate = true;
    MultiplySlice(p);
  }
}

HWY_INLINE void Multiply(const Product& p) { MultiplyAll(p); }

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_GEMM_INL_H_
