// The diffusion of the first token alone, run backwards: products of a row vector with the
// attention matrix of one document and head, in float32 or bfloat16, for each of Highway's targets;
// included by cpu_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_BACKWARD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_BACKWARD_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_BACKWARD_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_BACKWARD_INL_H_
#endif

#include <algorithm>
#include <type_traits>
#include <utility>

#include "model/kernels/cpu_bfloat16-inl.h"
#include "model/kernels/cpu_layout-inl.h"
#include "model/profile.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// What multiplies a row of floats with a matrix of T.
template <class T>
struct RowOps;
template <>
struct RowOps<float> : FloatOps {};
#if HWY_TARGET == HWY_AVX3
template <>
struct RowOps<BFloat16> : FloatOps {
  using Element = BFloat16;
  static HWY_INLINE FloatVec Load(const BFloat16* from) { return LoadWide(from); }
};
#endif

// A product with one row: c += weights B, where B has `depth` rows.
template <class T>
HWY_INLINE void AddCombination(const float* weights, int depth, const T* b, ptrdiff_t b_stride,
                               int vecs, float* c) {
  const ptrdiff_t lanes = hn::Lanes(Floats());
  MultiplyAll(ProductOf<RowOps<T>>{.rows = 1,
                                   .vecs = vecs,
                                   .depth = depth,
                                   .a = weights,
                                   .b = b,
                                   .b_stride = b_stride,
                                   .b_vec_stride = lanes,
                                   .c = c,
                                   .accumulate = true});
}

// next += r A for the rows of one block that are not global; what goes to the global nodes is added
// to global_next, [padded_globals]. `weights`, [kBlockRows], is overwritten.
template <class T>
HWY_NOINLINE void BackwardBlock(const AttentionOf<T>& a, const RowBlock& block, const float* r,
                                float* weights, float* global_next, float* next) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  const int rows = block.end - block.begin;
  bool any = false;
  for (int m = 0; m < rows; ++m) {
    weights[m] = r[block.begin + m] * a.inverse[block.begin + m];
    any |= weights[m] != 0.0f;
  }
  if (!any) return;
  const size_t begin = block.begin;
  AddCombination(weights, rows, a.band + begin * a.band_width, a.band_width,
                 RoundUpToLanes(block.source_end - block.source_base) / lanes,
                 next + block.source_base);
  AddCombination(weights, rows, a.columns + begin * a.padded_globals, a.padded_globals,
                 a.padded_globals / lanes, global_next);
  for (int m = 0; m < rows; ++m) {
    const uint16_t* sources = a.task.graph.random_sources(block.begin + m).data();
    const T* random = a.random + a.random_offsets[block.begin + m];
    const int count = a.random_offsets[block.begin + m + 1] - a.random_offsets[block.begin + m];
    for (int e = 0; e < count; ++e) next[sources[e]] += weights[m] * ToFloat(random[e]);
  }
}

// next = r A; both [L], with room up to a multiple of kChunk. `scratch` holds
// kBlockRows + 2 * padded_globals floats.
template <class T>
HWY_INLINE void HopBackward(const AttentionOf<T>& a, const float* r, float* scratch, float* next) {
  const int lanes = static_cast<int>(hn::Lanes(Floats()));
  const int globals = static_cast<int>(a.globals.size());
  float* global_next = scratch + kBlockRows;
  float* global_weights = global_next + a.padded_globals;
  std::fill_n(global_next, a.padded_globals, 0.0f);
  std::fill_n(next, a.chunks() * kChunk, 0.0f);
  for (const RowBlock& block : a.blocks) BackwardBlock(a, block, r, scratch, global_next, next);
  for (int g = 0; g < globals; ++g) {
    next[a.globals[g]] += global_next[g];
    global_weights[g] = r[a.globals[g]] * a.global_inverse[g];
  }
  for (int first = 0; first < a.task.length; first += kChunk) {
    AddCombination(global_weights, globals, a.rows + static_cast<size_t>(first) * globals, kChunk,
                   kChunk / lanes, next + first);
  }
}

// Writes s of the first token to `weights`, [L].
template <class T>
HWY_INLINE void RunBackwards(const AttentionOf<T>& a, Workspace& w, float* weights) {
  model::PartTimer timer;
  const HeadTask& task = a.task;
  const size_t padded_length = static_cast<size_t>(a.chunks()) * kChunk;
  float* r = w.vectors.Reserve(2 * padded_length + kBlockRows + 2 * a.padded_globals);
  float* next = r + padded_length;
  float* scratch = next + padded_length;
  std::fill_n(r, padded_length, 0.0f);
  std::fill_n(weights, task.length, 0.0f);
  r[0] = 1.0f;
  float keep = 1.0f;  // (1 - alpha)^hop
  for (int hop = 0; hop < task.hops; ++hop) {
    for (int i = 0; i < task.length; ++i) weights[i] += task.alpha * keep * r[i];
    HopBackward(a, r, scratch, next);
    std::swap(r, next);
    keep *= 1.0f - task.alpha;
  }
  for (int i = 0; i < task.length; ++i) weights[i] += keep * r[i];
  timer.Count(model::Part::kBackwardHops);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_BACKWARD_INL_H_
