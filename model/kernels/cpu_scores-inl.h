// Scores and softmax of one document and head, for each of Highway's targets; included by
// cpu_head.cc and cpu_training_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_SCORES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_SCORES_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_SCORES_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_SCORES_INL_H_
#endif

#include <algorithm>

#include "model/kernels/cpu_exp-inl.h"
#include "model/kernels/cpu_gemm-inl.h"
#include "model/kernels/cpu_layout-inl.h"
#include "model/profile.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// Stands for minus infinity in scores, and survives having a score added to it.
constexpr float kNoEdge = -1e38f;

// Scores of `rows` rows of q with `vecs` panels of k: a product of depth D.
HWY_INLINE Product ScoreProduct(const Attention& a, const float* q, int rows, const float* panels,
                                int vecs) {
  const ptrdiff_t lanes = hn::Lanes(Floats());
  return {.rows = rows,
          .vecs = vecs,
          .depth = a.task.dim,
          .a = q,
          .a_stride = a.padded_dim,
          .b = panels,
          .b_stride = lanes,
          .b_vec_stride = a.task.dim * lanes};
}

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

// The largest of `count` floats (whole vectors) and `max`, after adding `bias` to them.
HWY_INLINE FloatVec AddBias(float* values, const float* bias, int count, FloatVec max) {
  const Floats d;
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(d))) {
    const FloatVec value = hn::Add(hn::LoadU(d, values + x), hn::LoadU(d, bias + x));
    hn::StoreU(value, d, values + x);
    max = hn::Max(max, value);
  }
  return max;
}

HWY_INLINE FloatVec Largest(const float* values, int count, FloatVec max) {
  const Floats d;
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(d))) {
    max = hn::Max(max, hn::LoadU(d, values + x));
  }
  return max;
}

// Replaces `count` values (whole vectors) by exp(value - max) and adds them to sum. What rounding
// does to log2(e) max, it does to the whole row, and the row's sum takes it out again.
HWY_INLINE FloatVec Exponentials(float* values, int count, FloatVec max, FloatVec sum) {
  const Floats d;
  const FloatVec scale = hn::Set(d, kLog2E);
  const FloatVec shift = hn::Mul(max, scale);
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(d))) {
    const FloatVec weight = Exp2(hn::MulSub(hn::LoadU(d, values + x), scale, shift));
    hn::StoreU(weight, d, values + x);
    sum = hn::Add(sum, weight);
  }
  return sum;
}

// Bias of a block's band: kNoEdge outside of its local sources and at global ones.
template <class T>
HWY_INLINE void BandBias(const AttentionOf<T>& a, const RowBlock& block, float* bias) {
  std::fill_n(bias, a.band_width, kNoEdge);
  for (int source = block.source_begin; source < block.source_end; ++source) {
    if (!a.task.graph.is_global(source)) bias[source - block.source_base] = 0.0f;
  }
}

// Softmax of one row that is not global, over its three parts together.
HWY_INLINE void SoftmaxRow(const Attention& a, int row, int band_width, const float* band_bias,
                           const float* column_bias) {
  const Floats d;
  float* band = a.band + static_cast<size_t>(row) * a.band_width;
  float* columns = a.columns + static_cast<size_t>(row) * a.padded_globals;
  float* random = a.random + a.random_offsets[row];
  const int random_width = RoundUpToLanes(a.random_offsets[row + 1] - a.random_offsets[row]);
  FloatVec max = hn::Set(d, 2 * kNoEdge);
  max = AddBias(band, band_bias, band_width, max);
  max = AddBias(columns, column_bias, a.padded_globals, max);
  max = hn::MaxOfLanes(d, Largest(random, random_width, max));
  // Without a source, all values are near kNoEdge: no weight may come of them.
  if (hn::GetLane(max) < kNoEdge / 2) max = hn::Zero(d);
  FloatVec sum = Exponentials(band, band_width, max, hn::Zero(d));
  sum = Exponentials(columns, a.padded_globals, max, sum);
  sum = Exponentials(random, random_width, max, sum);
  const float total = hn::GetLane(hn::SumOfLanes(d, sum));
  a.inverse[row] = total > 0.0f ? 1.0f / total : 0.0f;
}

// Scores and softmax of the rows of one block.
HWY_INLINE void BlockWeights(const Attention& a, const RowBlock& block, const float* q,
                             const float* k, const float* k_panels, const float* global_panels,
                             float* bias) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  model::PartTimer timer;
  const float* block_q = q + static_cast<size_t>(block.begin) * a.padded_dim;
  const int band_width = RoundUpToLanes(block.source_end - block.source_base);
  Product band = ScoreProduct(a, block_q, block.end - block.begin,
                              k_panels + static_cast<size_t>(block.source_base) * a.task.dim,
                              band_width / lanes);
  band.c = a.band + static_cast<size_t>(block.begin) * a.band_width;
  band.c_stride = a.band_width;
  Multiply(band);
  Product columns =
      ScoreProduct(a, block_q, block.end - block.begin, global_panels, a.padded_globals / lanes);
  columns.c = a.columns + static_cast<size_t>(block.begin) * a.padded_globals;
  columns.c_stride = a.padded_globals;
  Multiply(columns);
  float* band_bias = bias + a.padded_globals;
  BandBias(a, block, band_bias);
  for (int row = block.begin; row < block.end; ++row) {
    if (a.task.graph.is_global(row)) {
      std::fill_n(a.band + static_cast<size_t>(row) * a.band_width, band_width, 0.0f);
      std::fill_n(a.columns + static_cast<size_t>(row) * a.padded_globals, a.padded_globals, 0.0f);
      a.inverse[row] = 0.0f;
      continue;
    }
    RandomScores<FloatOps>(q + static_cast<size_t>(row) * a.padded_dim, k, a.padded_dim,
                           a.task.graph.random_sources(row).data(),
                           a.random_offsets[row + 1] - a.random_offsets[row], lanes,
                           a.random + a.random_offsets[row]);
    timer.Count(model::Part::kScores);
    SoftmaxRow(a, row, band_width, band_bias, bias);
    timer.Count(model::Part::kSoftmax);
  }
}

// Scores and softmax of the rows of the global nodes, whose q are `global_q`.
HWY_INLINE void GlobalRowWeights(const Attention& a, const float* global_q, const float* k_panels) {
  const Floats d;
  const int globals = static_cast<int>(a.globals.size());
  const int lanes = static_cast<int>(hn::Lanes(d));
  model::PartTimer timer;
  for (int chunk = 0; chunk < a.chunks(); ++chunk) {
    const int first = chunk * kChunk;
    const int sources = std::min(kChunk, a.task.length - first);
    Product rows =
        ScoreProduct(a, global_q, globals, k_panels + static_cast<size_t>(first) * a.task.dim,
                     RoundUpToLanes(sources) / lanes);
    rows.c = a.rows + static_cast<size_t>(first) * globals;
    rows.c_stride = kChunk;
    Multiply(rows);
    for (int g = 0; g < globals; ++g) {
      std::fill(rows.c + g * kChunk + sources, rows.c + (g + 1) * kChunk, kNoEdge);
    }
  }
  timer.Count(model::Part::kScores);
  const size_t chunk_stride = static_cast<size_t>(globals) * kChunk;
  for (int g = 0; g < globals; ++g) {
    float* row = a.rows + g * kChunk;
    FloatVec max = hn::Set(d, kNoEdge);
    for (int c = 0; c < a.chunks(); ++c) max = Largest(row + c * chunk_stride, kChunk, max);
    max = hn::MaxOfLanes(d, max);
    FloatVec sum = hn::Zero(d);
    for (int c = 0; c < a.chunks(); ++c)
      sum = Exponentials(row + c * chunk_stride, kChunk, max, sum);
    a.global_inverse[g] = 1.0f / hn::GetLane(hn::SumOfLanes(d, sum));
  }
  timer.Count(model::Part::kSoftmax);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_SCORES_INL_H_
