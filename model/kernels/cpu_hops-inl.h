// Products with the attention matrix of one document and head, for each of Highway's targets;
// included by cpu_head.cc and cpu_training_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_HOPS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_HOPS_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_HOPS_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_HOPS_INL_H_
#endif

#include <algorithm>

#include "model/kernels/cpu_scores-inl.h"
#include "model/profile.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// Where one row of a hop comes from: next = keep * (next + sum of weights[e] * h[sources[e]])
// + alpha * v. Rows of `width` floats.
struct RandomRow {
  const uint16_t* sources;
  const float* weights;
  int count;
  int width;
  float keep;
  float alpha;
};

// kVecs vectors of the row, from float `x` on. Even and odd sources have sums of their own, so that
// one's addition need not wait for the other's.
template <int kVecs>
HWY_INLINE void FinishVectors(const RandomRow& row, const float* h, const float* v, float* next,
                              int x) {
  const Floats d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  FloatVec even[kVecs];
  FloatVec odd[kVecs];
  for (int n = 0; n < kVecs; ++n) {
    even[n] = hn::Load(d, next + x + n * lanes);
    odd[n] = hn::Zero(d);
  }
  int e = 0;
  for (; e + 2 <= row.count; e += 2) {
    const float* first = h + static_cast<size_t>(row.sources[e]) * row.width + x;
    const float* second = h + static_cast<size_t>(row.sources[e + 1]) * row.width + x;
    const FloatVec first_weight = hn::Set(d, row.weights[e]);
    const FloatVec second_weight = hn::Set(d, row.weights[e + 1]);
    for (int n = 0; n < kVecs; ++n) {
      even[n] = hn::MulAdd(first_weight, hn::Load(d, first + n * lanes), even[n]);
      odd[n] = hn::MulAdd(second_weight, hn::Load(d, second + n * lanes), odd[n]);
    }
  }
  if (e < row.count) {
    const float* last = h + static_cast<size_t>(row.sources[e]) * row.width + x;
    const FloatVec weight = hn::Set(d, row.weights[e]);
    for (int n = 0; n < kVecs; ++n) {
      even[n] = hn::MulAdd(weight, hn::Load(d, last + n * lanes), even[n]);
    }
  }
  const FloatVec keep = hn::Set(d, row.keep);
  const FloatVec alpha = hn::Set(d, row.alpha);
  for (int n = 0; n < kVecs; ++n) {
    const FloatVec rest = hn::Mul(alpha, hn::Load(d, v + x + n * lanes));
    hn::Store(hn::MulAdd(keep, hn::Add(even[n], odd[n]), rest), d, next + x + n * lanes);
  }
}

HWY_INLINE void FinishRow(const RandomRow& row, const float* h, const float* v, float* next) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  int x = 0;
  for (; x + 4 * lanes <= row.width; x += 4 * lanes) FinishVectors<4>(row, h, v, next, x);
  for (; x < row.width; x += lanes) FinishVectors<1>(row, h, v, next, x);
}

// next = (1 - alpha) A h + alpha v for the rows of one block that are not global.
HWY_INLINE void HopBlock(const Attention& a, const RowBlock& block, const float* h,
                         const float* global_h, const float* v, float* next) {
  const ptrdiff_t lanes = hn::Lanes(Floats());
  const size_t begin = block.begin;
  float* out = next + begin * a.padded_dim;
  model::PartTimer timer;
  Multiply({.rows = block.end - block.begin,
            .vecs = static_cast<int>(a.padded_dim / lanes),
            .depth = block.source_end - block.source_begin,
            .a = a.band + begin * a.band_width + (block.source_begin - block.source_base),
            .a_stride = a.band_width,
            .b = h + static_cast<size_t>(block.source_begin) * a.padded_dim,
            .b_stride = a.padded_dim,
            .b_vec_stride = lanes,
            .c = out,
            .c_stride = a.padded_dim,
            .depth2 = static_cast<int>(a.globals.size()),
            .a2 = a.columns + begin * a.padded_globals,
            .a2_stride = a.padded_globals,
            .b2 = global_h});
  timer.Count(model::Part::kDenseHops);
  for (int row = block.begin; row < block.end; ++row) {
    const int32_t first = a.random_offsets[row];
    const RandomRow random = {.sources = a.task.graph.random_sources(row).data(),
                              .weights = a.random + first,
                              .count = a.random_offsets[row + 1] - first,
                              .width = a.padded_dim,
                              .keep = (1.0f - a.task.alpha) * a.inverse[row],
                              .alpha = a.task.alpha};
    const size_t at = static_cast<size_t>(row) * a.padded_dim;
    FinishRow(random, h, v + at, next + at);
  }
  timer.Count(model::Part::kRandomHops);
}

// The same for the rows of the global nodes; `sums`, [G, padded_dim], is overwritten.
HWY_INLINE void HopGlobalRows(const Attention& a, const float* h, const float* v, float* sums,
                              float* next) {
  const ptrdiff_t lanes = hn::Lanes(Floats());
  const int globals = static_cast<int>(a.globals.size());
  for (int first = 0; first < a.task.length; first += kChunk) {
    Multiply({.rows = globals,
              .vecs = static_cast<int>(a.padded_dim / lanes),
              .depth = std::min(kChunk, a.task.length - first),
              .a = a.rows + static_cast<size_t>(first) * globals,
              .a_stride = kChunk,
              .b = h + static_cast<size_t>(first) * a.padded_dim,
              .b_stride = a.padded_dim,
              .b_vec_stride = lanes,
              .c = sums,
              .c_stride = a.padded_dim,
              .accumulate = first > 0});
  }
  for (int g = 0; g < globals; ++g) {
    const size_t at = static_cast<size_t>(a.globals[g]) * a.padded_dim;
    const float keep = (1.0f - a.task.alpha) * a.global_inverse[g];
    for (int x = 0; x < a.padded_dim; ++x) {
      next[at + x] = keep * sums[g * a.padded_dim + x] + a.task.alpha * v[at + x];
    }
  }
}

// next = (1 - alpha) A h + alpha v; all [L, padded_dim]. `scratch` holds [G, padded_dim].
HWY_INLINE void Hop(const Attention& a, const float* h, const float* v, float* scratch,
                    float* next) {
  GatherRows(h, a.padded_dim, a.globals, scratch);
  for (const RowBlock& block : a.blocks) HopBlock(a, block, h, scratch, v, next);
  model::PartTimer timer;
  HopGlobalRows(a, h, v, scratch, next);
  timer.Count(model::Part::kGlobalHops);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_HOPS_INL_H_
