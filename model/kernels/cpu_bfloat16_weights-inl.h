// The attention matrix of one document and head in bfloat16, for Highway's AVX3 target; included by
// cpu_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_WEIGHTS_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_WEIGHTS_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_WEIGHTS_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "model/kernels/cpu_bfloat16-inl.h"
#include "model/kernels/cpu_exp-inl.h"
#include "model/kernels/cpu_layout-inl.h"
#include "model/kernels/cpu_scores-inl.h"
#include "model/profile.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3

// A softmax's row in the making: weights 2^(scale * score - shift), and their sum as rounded.
struct RowSoftmax {
  FloatVec scale;
  FloatVec shift;
  FloatVec sum;

  // REQUIRES: count is a multiple of kHalfLanes.
  HWY_INLINE void Write(const float* scores, int count, BFloat16* weights) {
    const Floats d;
    const Halves halves;
    const PairVec ones = hn::Set(Pairs(), 0x3f803f80u);
    for (int x = 0; x < count; x += kHalfLanes) {
      const FloatVec low = hn::LoadU(d, scores + x);
      const FloatVec high = hn::LoadU(d, scores + x + kFloatLanes);
      const HalfVec rounded = Narrow(RoughExp2(hn::MulSub(low, scale, shift)),
                                     RoughExp2(hn::MulSub(high, scale, shift)));
      hn::StoreU(rounded, halves, weights + x);
      sum = AddDot(hn::BitCast(Pairs(), rounded), ones, sum);
    }
  }

  // 1 / sum, or 0 of nothing.
  HWY_INLINE float Inverse() const {
    const float total = hn::GetLane(hn::SumOfLanes(Floats(), sum));
    return total > 0.0f ? 1.0f / total : 0.0f;
  }
};

HWY_INLINE RowSoftmax StartSoftmax(FloatVec max, float scale) {
  const Floats d;
  const FloatVec scales = hn::Set(d, scale);
  return {scales, hn::Mul(hn::MaxOfLanes(d, max), scales), hn::Zero(d)};
}

// What all blocks of one document and head share: inputs in the kernels' layout, and scratch.
struct ScoreInputs {
  const BFloat16* k;              // [L, padded_dim]
  const uint32_t* k_panels;       // of pairs, as PackPanels makes them
  const uint32_t* global_panels;  // of the global nodes' k
  int depth;                      // D / 2, rounded up
  float scale;                    // log2(e) / sqrt(D)
  BFloat16* q;                    // [kBlockRows, padded_dim], for a block's q
  // Of one block, [kBlockRows, band_width + padded_globals], and one row's random ones after them;
  // or of the global rows, [G, chunks * kChunk].
  float* scores;
  float* bias;  // [band_width + padded_globals], the latter set
};

HWY_INLINE PairProduct PairScores(const ScoreInputs& in, const BFloat16* q, int padded_dim,
                                  int rows, const uint32_t* panels, int columns) {
  return {.rows = rows,
          .vecs = columns / kFloatLanes,
          .depth = in.depth,
          .a = AsPairs(q),
          .a_stride = padded_dim / 2,
          .b = panels,
          .b_stride = kFloatLanes,
          .b_vec_stride = static_cast<ptrdiff_t>(in.depth) * kFloatLanes};
}

// Softmax of one row that is not global, from its scores in its block and with its random sources.
HWY_INLINE void SoftmaxPairRow(const BFloat16Attention& a, const float* bias, float scale, int row,
                               int band_width, float* scores, float* random) {
  const Floats d;
  float* columns = scores + a.band_width;
  const int random_width = RoundUp(a.random_offsets[row + 1] - a.random_offsets[row], kHalfLanes);
  FloatVec max = AddBias(scores, bias, band_width, hn::Set(d, 2 * kNoEdge));
  max = AddBias(columns, bias + a.band_width, a.padded_globals, max);
  max = hn::MaxOfLanes(d, Largest(random, random_width, max));
  // Without a source, all values are near kNoEdge: no weight may come of them.
  if (hn::GetLane(max) < kNoEdge / 2) max = hn::Zero(d);
  RowSoftmax softmax = StartSoftmax(max, scale);
  const size_t at = row;
  softmax.Write(scores, band_width, a.band + at * a.band_width);
  softmax.Write(columns, a.padded_globals, a.columns + at * a.padded_globals);
  softmax.Write(random, random_width, a.random + a.random_offsets[row]);
  a.inverse[row] = softmax.Inverse();
}

// Scores and softmax of the rows of one block.
HWY_NOINLINE inline void BlockPairWeights(const BFloat16Attention& a, const RowBlock& block,
                                          const ScoreInputs& in) {
  model::PartTimer timer;
  const HeadTask& task = a.task;
  const ptrdiff_t width = a.band_width + a.padded_globals;
  const int rows = block.end - block.begin;
  CopyHalves(static_cast<const BFloat16*>(task.q) + block.begin * task.row_stride, task.row_stride,
             rows, task.dim, a.padded_dim, in.q);
  const int band_width = RoundUp(block.source_end - block.source_base, kHalfLanes);
  PairProduct band =
      PairScores(in, in.q, a.padded_dim, rows,
                 in.k_panels + static_cast<size_t>(block.source_base) * in.depth, band_width);
  band.c = in.scores;
  band.c_stride = width;
  MultiplyAll(band);
  PairProduct columns =
      PairScores(in, in.q, a.padded_dim, rows, in.global_panels, a.padded_globals);
  columns.c = in.scores + a.band_width;
  columns.c_stride = width;
  MultiplyAll(columns);
  timer.Count(model::Part::kScores);
  BandBias(a, block, in.bias);
  float* random = in.scores + kBlockRows * width;
  for (int m = 0; m < rows; ++m) {
    const size_t row = block.begin + m;
    if (task.graph.is_global(block.begin + m)) {
      std::fill_n(a.band + row * a.band_width, a.band_width, BFloat16{0});
      std::fill_n(a.columns + row * a.padded_globals, a.padded_globals, BFloat16{0});
      a.inverse[row] = 0.0f;
      continue;
    }
    RandomScores<PairOps>(AsPairs(in.q + m * a.padded_dim), AsPairs(in.k), a.padded_dim / 2,
                          task.graph.random_sources(block.begin + m).data(),
                          a.random_offsets[row + 1] - a.random_offsets[row], kHalfLanes, random);
    timer.Count(model::Part::kScores);
    SoftmaxPairRow(a, in.bias, in.scale, block.begin + m, band_width, in.scores + m * width,
                   random);
    timer.Count(model::Part::kSoftmax);
  }
}

// Scores and softmax of the rows of the global nodes, whose q are `global_q`.
HWY_NOINLINE inline void GlobalPairWeights(const BFloat16Attention& a, const ScoreInputs& in,
                                           const BFloat16* global_q) {
  const Floats d;
  const int globals = static_cast<int>(a.globals.size());
  const ptrdiff_t width = static_cast<ptrdiff_t>(a.chunks()) * kChunk;
  model::PartTimer timer;
  for (int first = 0; first < a.task.length; first += kChunk) {
    PairProduct rows = PairScores(in, global_q, a.padded_dim, globals,
                                  in.k_panels + static_cast<size_t>(first) * in.depth, kChunk);
    rows.c = in.scores + first;
    rows.c_stride = width;
    MultiplyAll(rows);
  }
  timer.Count(model::Part::kScores);
  for (int g = 0; g < globals; ++g) {
    float* row = in.scores + g * width;
    std::fill(row + a.task.length, row + width, kNoEdge);
    RowSoftmax softmax =
        StartSoftmax(Largest(row, static_cast<int>(width), hn::Set(d, kNoEdge)), in.scale);
    for (int first = 0; first < width; first += kChunk) {
      softmax.Write(
          row + first, kChunk,
          a.rows + static_cast<size_t>(first) * globals + static_cast<size_t>(g) * kChunk);
    }
    a.global_inverse[g] = softmax.Inverse();
  }
  timer.Count(model::Part::kSoftmax);
}

// All rows of k or v, [chunks * kChunk, padded_dim], with zeros past the last token.
HWY_INLINE BFloat16* CopyTokens(const BFloat16Attention& a, const void* from, AlignedBuffer& to) {
  const size_t size = static_cast<size_t>(a.chunks()) * kChunk * a.padded_dim;
  const size_t used = static_cast<size_t>(a.task.length) * a.padded_dim;
  BFloat16* rows = to.Reserve<BFloat16>(size);
  CopyHalves(static_cast<const BFloat16*>(from), a.task.row_stride, a.task.length, a.task.dim,
             a.padded_dim, rows);
  std::fill(rows + used, rows + size, BFloat16{0});
  return rows;
}

// Computes the attention matrix, and copies v, if there is one, to workspace.v,
// [RoundUp(L, kChunk), padded_dim] with zeros past the last token.
HWY_INLINE BFloat16Attention BFloat16Weights(const HeadTask& task, Workspace& w) {
  model::PartTimer timer;
  const auto a = MakeAttention<BFloat16>(task, kHalfLanes, w);
  const int globals = static_cast<int>(a.globals.size());
  const size_t padded_length = static_cast<size_t>(a.chunks()) * kChunk;
  const int depth = (task.dim + 1) / 2;
  BFloat16* k = CopyTokens(a, task.k, w.k);
  if (task.v != nullptr) CopyTokens(a, task.v, w.v);
  uint32_t* k_panels = w.k_panels.Reserve<uint32_t>(padded_length * depth);
  PackPanels(AsPairs(k), a.padded_dim / 2, static_cast<int>(padded_length), depth, k_panels);
  BFloat16* global_rows =
      w.global_rows.Reserve<BFloat16>(static_cast<size_t>(a.padded_globals) * a.padded_dim);
  uint32_t* global_panels =
      w.global_panels.Reserve<uint32_t>(static_cast<size_t>(a.padded_globals) * depth);
  GatherGlobals(a, k, global_rows);
  PackPanels(AsPairs(global_rows), a.padded_dim / 2, a.padded_globals, depth, global_panels);

  const int widest_row = RoundUp(task.length, kChunk);
  const ScoreInputs in = {
      .k = k,
      .k_panels = k_panels,
      .global_panels = global_panels,
      .depth = depth,
      .scale = kLog2E / std::sqrt(static_cast<float>(task.dim)),
      .q = w.q.Reserve<BFloat16>(static_cast<size_t>(kBlockRows) * a.padded_dim),
      .scores = w.scores.Reserve(
          std::max(static_cast<size_t>(kBlockRows) * (a.band_width + a.padded_globals) + widest_row,
                   globals * padded_length)),
      .bias = w.bias.Reserve(a.band_width + a.padded_globals)};
  std::fill_n(in.bias + a.band_width, a.padded_globals, kNoEdge);
  std::fill_n(in.bias + a.band_width, globals, 0.0f);
  timer.Count(model::Part::kLayout);
  for (const RowBlock& block : a.blocks) BlockPairWeights(a, block, in);
  for (int g = 0; g < globals; ++g) {
    CopyHalves(static_cast<const BFloat16*>(task.q) + a.globals[g] * task.row_stride, 0, 1,
               task.dim, a.padded_dim, global_rows + g * a.padded_dim);
  }
  GlobalPairWeights(a, in, global_rows);
  return a;
}

#endif  // HWY_TARGET == HWY_AVX3

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_BFLOAT16_WEIGHTS_INL_H_
