#include "model/kernels/cpu_head.h"

#include <algorithm>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernels/cpu_head.cc"
// Sums are kept in arrays of vectors, which scalable vectors cannot be.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include "hwy/foreach_target.h"  // compiles this file once per target, from here on
#include "hwy/highway.h"
#include "model/kernels/cpu_backward-inl.h"
#include "model/kernels/cpu_bfloat16_hops-inl.h"
#include "model/kernels/cpu_bfloat16_weights-inl.h"
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
// bfloat16 has files of its own (cpu_bfloat16_*-inl.h): its dense products take two sources at a
// time, so rows of h are interleaved by two before a block's product, and so are any two rows that
// the random part gathers. Weights are rounded before they are summed, so that each row's sum to 1.
//
// Cost, for L tokens, window w, G globals and R random edges per token: 2 D L (1.5 w + 2 G + R) for
// the scores and for each hop; backwards, a hop costs 2 L (1.5 w + 2 G + R) and is bound by memory.
// Of the time for 4,096 tokens of the base shape, the dense products take a half (at 5/6 of what
// the multipliers can do), the random part of hops and scores two fifths (bound by the second-level
// cache in float32, by instructions in bfloat16), softmax and copies the rest.
// Tested against the reference in tests/model/kernels.

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_AVX3
HWY_INLINE bool UsesBFloat16(const HeadTask& task) {
  return task.element == Element::kBFloat16 && HasBFloat16Dot();
}
#endif

void Diffuse(const HeadTask& task, Workspace& w, void* out, int64_t out_stride) {
#if HWY_TARGET == HWY_AVX3
  if (UsesBFloat16(task)) {
    RunPairHops(BFloat16Weights(task, w), w, static_cast<BFloat16*>(out), out_stride);
    return;
  }
#endif
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
    StoreRow(h + static_cast<size_t>(row) * a.padded_dim, task.dim, task.element,
             ElementAt(out, task.element, row * out_stride));
  }
  timer.Count(model::Part::kLayout);
}

void FirstTokenWeights(const HeadTask& task, Workspace& w, float* weights) {
#if HWY_TARGET == HWY_AVX3
  if (UsesBFloat16(task)) return RunBackwards(BFloat16Weights(task, w), w, weights);
#endif
  RunBackwards(AttentionWeights(task, w), w, weights);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace diffuser::kernels {

HWY_EXPORT(Diffuse);
HWY_EXPORT(FirstTokenWeights);

void DiffuseHead(const HeadTask& task, Workspace& workspace, void* out, int64_t out_stride) {
  HWY_DYNAMIC_DISPATCH(Diffuse)(task, workspace, out, out_stride);
}

void FirstTokenWeightsOfHead(const HeadTask& task, Workspace& workspace, float* weights) {
  HWY_DYNAMIC_DISPATCH(FirstTokenWeights)(task, workspace, weights);
}

}  // namespace diffuser::kernels
#endif  // HWY_ONCE
