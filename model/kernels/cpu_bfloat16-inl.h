// Vectors of bfloat16, for Highway's AVX3 target; included by cpu_backward-inl.h and the
// cpu_bfloat16_*-inl.h files alone. Highway 1.0 has no such instructions, and a compiler inlines
// their intrinsics only into functions built for machines that all have them: so they are named
// here, and whoever runs this code has asked HasBFloat16Dot() first.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_INL_H_
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "hwy/cache_control.h"
#include "model/kernels/cpu_gemm-inl.h"
#include "model/kernels/cpu_layout-inl.h"
#include "model/kernels/element.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3

using Halves = hn::ScalableTag<uint16_t>;  // 32 bfloat16
using HalfVec = hn::Vec<Halves>;
using Pairs = hn::ScalableTag<uint32_t>;  // 16 pairs of bfloat16, the first in the lower half
using PairVec = hn::Vec<Pairs>;

constexpr int kHalfLanes = 32;
constexpr int kFloatLanes = 16;

HWY_INLINE bool HasBFloat16Dot() { return __builtin_cpu_supports("avx512bf16"); }

// sum[n] + a[n].first * b[n].first + a[n].second * b[n].second, rounded after each addition.
HWY_INLINE FloatVec AddDot(PairVec a, PairVec b, FloatVec sum) {
  asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
  return sum;
}

// Rounds to the nearest, ties to even; denormal numbers become 0.
HWY_INLINE HalfVec Narrow(FloatVec low, FloatVec high) {
  HalfVec out;
  asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(out.raw) : "v"(low.raw), "v"(high.raw));
  return out;
}

// 16 bfloat16 as floats.
HWY_INLINE FloatVec LoadWide(const BFloat16* from) {
  const hn::Rebind<uint16_t, Pairs> narrow;
  const Pairs d;
  return hn::BitCast(Floats(), hn::ShiftLeft<16>(hn::PromoteTo(d, hn::LoadU(narrow, from))));
}

HWY_INLINE uint32_t LoadPair(const BFloat16* from) {
  uint32_t pair;
  std::memcpy(&pair, from, sizeof(pair));
  return pair;
}

// Products of pairs along the depth: A[m][t] is two bfloat16 of a row of A, and B[t] holds the same
// two rows of B, interleaved.
struct PairOps {
  using Factor = uint32_t;
  using Element = uint32_t;
  static HWY_INLINE PairVec Load(const uint32_t* from) { return hn::LoadU(Pairs(), from); }
  static HWY_INLINE PairVec Set(uint32_t value) { return hn::Set(Pairs(), value); }
  static HWY_INLINE FloatVec MulAdd(PairVec a, PairVec b, FloatVec sum) {
    return AddDot(a, b, sum);
  }
};
using PairProduct = ProductOf<PairOps>;

// Copies `count` rows of `dim` bfloat16 to rows of `width`, a multiple of kHalfLanes, the rest 0.
// The rows lie far apart, on pages of their own, where the machine does not fetch ahead by itself.
HWY_INLINE void CopyHalves(const BFloat16* from, int64_t from_stride, int count, int dim, int width,
                           BFloat16* to) {
  const Halves d;
  constexpr int kAhead = 8;  // rows
  for (int i = 0; i < count; ++i) {
    for (int x = 0; x < dim; x += kHalfLanes) {
      if (i + kAhead < count) hwy::Prefetch(from + kAhead * from_stride + x);
      hn::Store(hn::MaskedLoad(hn::FirstN(d, dim - x), d, from + x), d, to + x);
    }
    from += from_stride;
    to += width;
  }
}

// Copies the global nodes' rows of [L, padded_dim] to [padded_globals, padded_dim], the rest 0.
HWY_INLINE void GatherGlobals(const BFloat16Attention& a, const BFloat16* from, BFloat16* to) {
  const size_t used = a.globals.size() * a.padded_dim;
  GatherRows(from, a.padded_dim, a.globals, to);
  std::fill(to + used, to + static_cast<size_t>(a.padded_globals) * a.padded_dim, BFloat16{0});
}

// A row of bfloat16 seen as pairs, as PairProduct takes it.
HWY_INLINE const uint32_t* AsPairs(const BFloat16* from) {
  return reinterpret_cast<const uint32_t*>(from);
}

// Interleaves rows 2 t and 2 t + 1 of [rows, width] into row t of [rows / 2, width] pairs.
// REQUIRES: rows is even, width a multiple of kHalfLanes.
HWY_INLINE void InterleaveRows(const BFloat16* from, int rows, int width, uint32_t* to) {
  const Halves d;
  alignas(64) static constexpr uint16_t kLower[kHalfLanes] = {
      0, 32, 1, 33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39,
      8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47};
  const HalfVec lower = hn::Load(d, kLower);
  const HalfVec upper = hn::Add(lower, hn::Set(d, 16));
  for (int t = 0; t < rows; t += 2) {
    for (int x = 0; x < width; x += kHalfLanes) {
      const HalfVec even = hn::LoadU(d, from + x);
      const HalfVec odd = hn::LoadU(d, from + width + x);
      const auto store = [&](HalfVec index, uint32_t* out) {
        _mm512_store_si512(out, _mm512_permutex2var_epi16(even.raw, index.raw, odd.raw));
      };
      store(lower, to + x);
      store(upper, to + x + kFloatLanes);
    }
    from += 2 * static_cast<ptrdiff_t>(width);
    to += width;
  }
}

#endif  // HWY_TARGET == HWY_AVX3

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_INL_H_
