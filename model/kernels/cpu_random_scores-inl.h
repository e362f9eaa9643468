// Scores of one row with its random sources, for each of Highway's targets; included by
// cpu_scores-inl.h alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_RANDOM_SCORES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_RANDOM_SCORES_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_RANDOM_SCORES_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_RANDOM_SCORES_INL_H_
#endif

#include <algorithm>

#include "model/kernels/cpu_gemm-inl.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// Stands for minus infinity in scores, and survives having a score added to it.
constexpr float kNoEdge = -1e38f;

#if HWY_TARGET != HWY_SCALAR
// Adds up the blocks of four floats that a vector consists of.
template <class D, class V>
HWY_INLINE hn::Vec<hn::CappedTag<float, 4>> SumBlocks(D d, V v) {
  if constexpr (hn::MaxLanes(D()) > 4) {
    const hn::Half<D> half;
    return SumBlocks(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  } else {
    (void)d;
    return v;
  }
}
#endif

// Writes the sum of each of four vectors' lanes to out[0, 4).
HWY_INLINE void StoreSums(const FloatVec* v, float* out) {
#if HWY_TARGET == HWY_SCALAR
  for (int n = 0; n < 4; ++n) out[n] = hn::GetLane(v[n]);
#else
  // A transposition of 4 x 4 blocks, adding on the way.
  const Floats d;
  const hn::RepartitionToWide<Floats> pairs;
  const FloatVec v01 =
      hn::Add(hn::InterleaveLower(d, v[0], v[1]), hn::InterleaveUpper(d, v[0], v[1]));
  const FloatVec v23 =
      hn::Add(hn::InterleaveLower(d, v[2], v[3]), hn::InterleaveUpper(d, v[2], v[3]));
  const auto low = hn::InterleaveLower(pairs, hn::BitCast(pairs, v01), hn::BitCast(pairs, v23));
  const auto high = hn::InterleaveUpper(pairs, hn::BitCast(pairs, v01), hn::BitCast(pairs, v23));
  const FloatVec blocks = hn::Add(hn::BitCast(d, low), hn::BitCast(d, high));
  hn::StoreU(SumBlocks(d, blocks), hn::CappedTag<float, 4>(), out);
#endif
}

// Writes the scores of q, kVecs vectors, with four rows of k to out[0, 4).
template <class Ops, int kVecs, class Vec>
HWY_INLINE void ScoreFour(const Vec (&q)[kVecs], const typename Ops::Element* const (&rows)[4],
                          float* out) {
  const Floats d;
  const ptrdiff_t lanes = hn::Lanes(d);
  FloatVec sum[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
  for (int x = 0; x < kVecs; ++x) {
    for (int n = 0; n < 4; ++n) {
      sum[n] = Ops::MulAdd(q[x], Ops::Load(rows[n] + x * lanes), sum[n]);
    }
  }
  StoreSums(sum, out);
}

// The same with `count` rows, one or more; the last ones may be scored again, past out[count].
template <class Ops, int kVecs>
HWY_INLINE void ScoreRows(const typename Ops::Element* q, const typename Ops::Element* k,
                          const uint16_t* sources, int count, float* out) {
  const ptrdiff_t lanes = hn::Lanes(Floats());
  const auto row = [&](int e) HWY_ATTR { return k + sources[e] * (kVecs * lanes); };
  decltype(Ops::Load(q)) factors[kVecs];
  for (int x = 0; x < kVecs; ++x) factors[x] = Ops::Load(q + x * lanes);
  int e = 0;
  for (; e + 4 <= count; e += 4) {
    ScoreFour<Ops>(factors, {row(e), row(e + 1), row(e + 2), row(e + 3)}, out + e);
  }
  if (e == count) return;
  const int last = count - 1;
  ScoreFour<Ops>(factors,
                 {row(e), row(std::min(e + 1, last)), row(std::min(e + 2, last)), row(last)},
                 out + e);
}

// The same for rows of any width.
template <class Ops>
HWY_INLINE void ScoreRows(const typename Ops::Element* q, const typename Ops::Element* k, int width,
                          const uint16_t* sources, int count, float* out) {
  const Floats d;
  for (int e = 0; e < count; e += 4) {
    const typename Ops::Element* rows[4];
    for (int n = 0; n < 4; ++n) {
      rows[n] = k + static_cast<size_t>(sources[std::min(e + n, count - 1)]) * width;
    }
    FloatVec sum[4] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
    for (int x = 0; x < width; x += static_cast<int>(hn::Lanes(d))) {
      const auto factor = Ops::Load(q + x);
      for (int n = 0; n < 4; ++n) sum[n] = Ops::MulAdd(factor, Ops::Load(rows[n] + x), sum[n]);
    }
    StoreSums(sum, out + e);
  }
}

// Scores of one row, which are sums of `width` elements of q and k, with its random sources, then
// kNoEdge up to a multiple of `unit`. Writes up to one vector more than there are sources.
// REQUIRES: width is a number of whole vectors.
template <class Ops>
HWY_INLINE void RandomScores(const typename Ops::Element* q, const typename Ops::Element* k,
                             int width, const uint16_t* sources, int count, int unit, float* out) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  switch (width / lanes) {  // heads of 32 to 128, mostly
    case 2:
      ScoreRows<Ops, 2>(q, k, sources, count, out);
      break;
    case 4:
      ScoreRows<Ops, 4>(q, k, sources, count, out);
      break;
    case 8:
      ScoreRows<Ops, 8>(q, k, sources, count, out);
      break;
    default:
      ScoreRows<Ops>(q, k, width, sources, count, out);
      break;
  }
  std::fill(out + count, out + RoundUp(count, unit), kNoEdge);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_RANDOM_SCORES_INL_H_
