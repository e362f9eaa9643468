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
#include "model/kernels/cpu_random_scores-inl.h"
#include "model/profile.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

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
