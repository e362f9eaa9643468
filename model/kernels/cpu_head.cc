#include "model/kernels/cpu_head.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernels/cpu_head.cc"
// Sums are kept in arrays of vectors, which scalable vectors cannot be.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include "hwy/foreach_target.h"  // compiles this file once per target, from here on
#include "hwy/highway.h"
#include "model/kernels/cpu_hops-inl.h"
#include "model/kernels/cpu_layout-inl.h"
#include "model/kernels/cpu_weights-inl.h"
#include "model/profile.h"

// The idea. A graph of 280 sources per token on average is sparse, but not shapeless: 96 of them
// are a band, 64 the global nodes, and the global nodes read every token. Those three are dense
// products (cpu_gemm-inl.h), at the speed of registers; only some 60 per token are gathered one by
// one, from an h of one head, which fits the second-level cache. The softmax stays unnormalised:
// each row's sum divides the result of a product instead of the row's weights. An L x L matrix is
// never made.
//
// Cost, for L tokens, window w, G globals and R random edges per token: 2 D L (1.5 w + 2 G + R) for
// the scores and for each hop; backwards, a hop costs 2 L (1.5 w + 2 G + R) and is bound by memory.
// Tested against the reference in tests/model/kernels.

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

void Diffuse(const HeadTask& task, Workspace& w, float* out, int64_t out_stride) {
  const Attention a = AttentionWeights(task, w);
  const size_t size = static_cast<size_t>(task.length) * a.padded_dim;
  const float* v = w.v.Reserve(size);
  const float* h = v;
  float* turns[2] = {w.q.Reserve(size), w.k.Reserve(size)};
  float* scratch = w.global_rows.Reserve(a.globals.size() * a.padded_dim);
  for (int hop = 0; hop < task.hops; ++hop) {
    float* next = turns[hop % 2];
    Hop(a, h, v, scratch, next);
    h = next;
  }
  model::PartTimer timer;
  for (int row = 0; row < task.length; ++row) {
    std::copy_n(h + static_cast<size_t>(row) * a.padded_dim, task.dim, out + row * out_stride);
  }
  timer.Count(model::Part::kLayout);
}

// sum = s V, [padded_dim], in pieces of kChunk tokens, whose sums are added: less rounding than in
// one long sum. `piece`, [padded_dim], is overwritten.
HWY_INLINE void CombineValues(const Attention& a, const float* s, const float* v, float* piece,
                              float* sum) {
  const int vecs = a.padded_dim / static_cast<int>(hn::Lanes(Floats()));
  std::fill_n(sum, a.padded_dim, 0.0f);
  for (int first = 0; first < a.task.length; first += kChunk) {
    std::fill_n(piece, a.padded_dim, 0.0f);
    AddCombination(s + first, std::min(kChunk, a.task.length - first),
                   v + static_cast<size_t>(first) * a.padded_dim, a.padded_dim, vecs, piece);
    for (int x = 0; x < a.padded_dim; ++x) sum[x] += piece[x];
  }
}

void DiffuseFirstToken(const HeadTask& task, Workspace& w, float* out, float* weights) {
  const Attention a = AttentionWeights(task, w);
  model::PartTimer timer;
  const size_t padded_length = static_cast<size_t>(a.chunks()) * kChunk;
  float* s =
      w.vectors.Reserve(3 * padded_length + 2 * a.padded_dim + kBlockRows + 2 * a.padded_globals);
  float* r = s + padded_length;
  float* next = r + padded_length;
  float* sum = next + padded_length;
  float* piece = sum + a.padded_dim;
  float* scratch = piece + a.padded_dim;
  std::fill_n(s, 2 * padded_length, 0.0f);
  r[0] = 1.0f;
  float keep = 1.0f;  // (1 - alpha)^hop
  for (int hop = 0; hop < task.hops; ++hop) {
    for (int i = 0; i < task.length; ++i) s[i] += task.alpha * keep * r[i];
    HopBackward(a, r, scratch, next);
    std::swap(r, next);
    keep *= 1.0f - task.alpha;
  }
  for (int i = 0; i < task.length; ++i) s[i] += keep * r[i];
  CombineValues(a, s, w.v.Reserve(0), piece, sum);
  timer.Count(model::Part::kBackwardHops);
  std::copy_n(sum, task.dim, out);
  if (weights != nullptr) std::copy_n(s, task.length, weights);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace diffuser::kernels {

HWY_EXPORT(Diffuse);
HWY_EXPORT(DiffuseFirstToken);

void DiffuseHead(const HeadTask& task, Workspace& workspace, float* out, int64_t out_stride) {
  HWY_DYNAMIC_DISPATCH(Diffuse)(task, workspace, out, out_stride);
}

void DiffuseHeadFirstToken(const HeadTask& task, Workspace& workspace, float* out, float* weights) {
  HWY_DYNAMIC_DISPATCH(DiffuseFirstToken)(task, workspace, out, weights);
}

}  // namespace diffuser::kernels
#endif  // HWY_ONCE
