#include "model/kernels/cpu_training_head.h"

#include <algorithm>
#include <cmath>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/kernels/cpu_training_head.cc"
// Sums are kept in arrays of vectors, which scalable vectors cannot be.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#include "hwy/foreach_target.h"  // compiles this file once per target, from here on
#include "hwy/highway.h"
#include "model/kernels/cpu_edges-inl.h"
#include "model/kernels/cpu_hops-inl.h"
#include "model/kernels/cpu_masks-inl.h"
#include "model/kernels/cpu_transposed-inl.h"
#include "model/kernels/cpu_weights-inl.h"

// The idea. The gradient needs three kinds of product with matrices that have the attention
// matrix's shape, and all three are what serving has, or nearly so:
//   - Ã h (the hops) and de k (the gradient of q): the hop of cpu_hops-inl.h;
//   - Ãᵀ ĝ (the hops backwards) and deᵀ q (the gradient of k): its transpose, block by block from
//     the same layout (cpu_transposed-inl.h);
//   - dÃ = sum_k ĝ_k h_kᵀ at the edges: one score product of depth K D, with ĝ_0, ..., ĝ_{K-1} side
//     by side in the place of q, and h_0, ..., h_{K-1} in that of k (cpu_edges-inl.h).
// A and all h_k are computed anew in the backward pass.
//
// Cost, in units of one hop (2 D E): forward 1 + K; backward 1 + K (again) + K + K + 2.
// Tested against the reference in tests/model/kernels.

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// A, and Ã: the same one where nothing is dropped.
struct Matrices {
  Attention plain;
  Attention masked;
};

Matrices MakeMatrices(const TrainingTask& task, TrainingWorkspace& w) {
  Attention a = AttentionWeights(task.head, w.forward);
  ListPieces(a, w.pieces);
  Normalise(a, w.pieces);
  float* ones = w.ones.Reserve(task.head.length);
  std::fill_n(ones, task.head.length, 1.0f);
  a.inverse = ones;
  a.global_inverse = ones;
  if (task.attention_dropout == 0.0f) return {a, a};
  const Attention masked = LikeAttention(a, task.head, w.masked, ones);
  MaskMatrix(task, a, masked, w.pieces);
  return {a, masked};
}

HWY_INLINE void MaskHop(const TrainingTask& task, int hop, int padded_dim, float* rows) {
  if (task.hop_dropout == 0.0f) return;
  for (int row = 0; row < task.head.length; ++row) {
    const RowMask mask(RowKey(task.key, HopPlane(hop), row), task.hop_dropout);
    MaskRange(mask, 0, task.head.dim, rows + static_cast<size_t>(row) * padded_dim);
  }
}

// Copies rows of `width` floats to every `to_stride`, or from every `from_stride`.
HWY_INLINE void CopyStrided(const float* from, ptrdiff_t from_stride, int rows, int width,
                            float* to, ptrdiff_t to_stride) {
  for (int row = 0; row < rows; ++row) {
    std::copy_n(from + row * from_stride, width, to + row * to_stride);
  }
}

// Returns h_K, [L, padded_dim]; where `states` is not null, h_0 ... h_{K-1} go there side by side.
const float* RunHops(const TrainingTask& task, const Attention& masked, TrainingWorkspace& w,
                     float* states) {
  const size_t size = static_cast<size_t>(task.head.length) * masked.padded_dim;
  const int width = masked.padded_dim;
  const float* v = w.forward.v.Reserve(0);
  const float* h = v;
  float* turns[2] = {w.turns[0].Reserve(size), w.turns[1].Reserve(size)};
  float* scratch = w.global_rows.Reserve(masked.globals.size() * width);
  for (int hop = 0; hop < task.head.hops; ++hop) {
    if (states != nullptr) {
      CopyStrided(h, width, task.head.length, width, states + hop * width,
                  static_cast<ptrdiff_t>(task.head.hops) * width);
    }
    float* next = turns[hop % 2];
    Hop(masked, h, v, scratch, next);
    MaskHop(task, hop, width, next);
    h = next;
  }
  return h;
}

void TrainForward(const TrainingTask& task, TrainingWorkspace& w, float* out, int64_t out_stride) {
  const Matrices matrices = MakeMatrices(task, w);
  const float* h = RunHops(task, matrices.masked, w, nullptr);
  CopyStrided(h, matrices.plain.padded_dim, task.head.length, task.head.dim, out, out_stride);
}

// dv += alpha g, and hop_gradient = (1 - alpha) g at every `stride`.
HWY_INLINE void SplitGradient(const TrainingTask& task, int width, const float* g, float* dv,
                              float* hop_gradient, ptrdiff_t stride) {
  for (int row = 0; row < task.head.length; ++row) {
    for (int x = 0; x < width; ++x) {
      dv[x] += task.head.alpha * g[x];
      hop_gradient[x] = (1.0f - task.head.alpha) * g[x];
    }
    g += width;
    dv += width;
    hop_gradient += stride;
  }
}

// From the gradient of h_K back to that of v, which it writes; ĝ_0 ... ĝ_{K-1} go to hop_gradients.
void BackThroughHops(const TrainingTask& task, const Attention& masked, TrainingWorkspace& w,
                     const float* out_gradient, int64_t out_stride, float* hop_gradients,
                     const HeadGradient& gradient) {
  const int width = masked.padded_dim;
  const ptrdiff_t stride = static_cast<ptrdiff_t>(task.head.hops) * width;
  const size_t size = static_cast<size_t>(task.head.length) * width;
  float* g = w.turns[0].Reserve(size);
  float* next = w.turns[1].Reserve(size);
  float* dv = w.v_gradient.Reserve(size);
  float* scratch = w.global_rows.Reserve(2 * masked.globals.size() * width);
  CopyRows(out_gradient, out_stride, task.head.length, task.head.dim, 1.0f, g);
  std::fill_n(dv, size, 0.0f);
  for (int hop = task.head.hops - 1; hop >= 0; --hop) {
    MaskHop(task, hop, width, g);
    SplitGradient(task, width, g, dv, hop_gradients + hop * width, stride);
    HopTransposed(masked, hop_gradients + hop * width, stride, scratch, next);
    std::swap(g, next);
  }
  for (size_t x = 0; x < size; ++x) dv[x] += g[x];
  CopyStrided(dv, width, task.head.length, task.head.dim, gradient.v, gradient.row_stride);
}

// dÃ at the edges.
void EdgeGradient(const TrainingTask& task, const Attention& a, TrainingWorkspace& w,
                  const float* hop_gradients, const float* states, const Attention& da) {
  const int width = task.head.hops * a.padded_dim;
  const int globals = static_cast<int>(a.globals.size());
  const size_t padded_length = RoundUpToLanes(task.head.length);
  float* panels = w.panels.Reserve(padded_length * width);
  float* global_rows = w.global_rows.Reserve(static_cast<size_t>(globals) * width);
  float* global_panels = w.global_panels.Reserve(static_cast<size_t>(a.padded_globals) * width);
  PackPanels(states, width, task.head.length, width, panels);
  GatherRows(states, width, a.globals, global_rows);
  PackPanels(global_rows, width, globals, width, global_panels);
  GatherRows(hop_gradients, width, a.globals, global_rows);
  EdgeProducts({.left = hop_gradients,
                .right = states,
                .right_panels = panels,
                .global_left = global_rows,
                .global_right_panels = global_panels,
                .width = width},
               da);
}

// dq = de k / sqrt(D) and dk = deᵀ q / sqrt(D), where the workspace's q is divided already.
void ScoreGradient(const HeadTask& task, const Attention& de, TrainingWorkspace& w,
                   const HeadGradient& gradient) {
  const size_t size = static_cast<size_t>(task.length) * de.padded_dim;
  const float* q = w.forward.q.Reserve(0);
  const float* k = w.forward.k.Reserve(0);
  float* dq = w.turns[0].Reserve(size);
  float* dk = w.turns[1].Reserve(size);
  float* scratch = w.global_rows.Reserve(2 * de.globals.size() * de.padded_dim);
  Hop(de, k, k, scratch, dq);
  const float scale = 1.0f / std::sqrt(static_cast<float>(task.dim));
  for (size_t x = 0; x < size; ++x) dq[x] *= scale;
  HopTransposed(de, q, de.padded_dim, scratch, dk);
  CopyStrided(dq, de.padded_dim, task.length, task.dim, gradient.q, gradient.row_stride);
  CopyStrided(dk, de.padded_dim, task.length, task.dim, gradient.k, gradient.row_stride);
}

void TrainBackward(const TrainingTask& task, TrainingWorkspace& w, const float* out_gradient,
                   int64_t out_stride, const HeadGradient& gradient) {
  const Matrices matrices = MakeMatrices(task, w);
  const size_t size =
      static_cast<size_t>(task.head.length) * task.head.hops * matrices.plain.padded_dim;
  float* states = w.states.Reserve(size);
  float* hop_gradients = w.hop_gradients.Reserve(size);
  RunHops(task, matrices.masked, w, states);
  BackThroughHops(task, matrices.masked, w, out_gradient, out_stride, hop_gradients, gradient);
  HeadTask whole = task.head;  // whose hop is the product alone
  whole.alpha = 0.0f;
  const Attention da = LikeAttention(matrices.plain, whole, w.gradient, w.ones.Reserve(0));
  EdgeGradient(task, matrices.plain, w, hop_gradients, states, da);
  SoftmaxBackward(matrices.plain, matrices.masked, da, w.pieces,
                  w.row_sums.Reserve(task.head.length));
  ScoreGradient(task.head, da, w, gradient);
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace diffuser::kernels {

HWY_EXPORT(TrainForward);
HWY_EXPORT(TrainBackward);

void TrainHead(const TrainingTask& task, TrainingWorkspace& workspace, float* out,
               int64_t out_stride) {
  HWY_DYNAMIC_DISPATCH(TrainForward)(task, workspace, out, out_stride);
}

void TrainHeadBackward(const TrainingTask& task, TrainingWorkspace& workspace,
                       const float* out_gradient, int64_t out_stride,
                       const HeadGradient& gradient) {
  HWY_DYNAMIC_DISPATCH(TrainBackward)(task, workspace, out_gradient, out_stride, gradient);
}

}  // namespace diffuser::kernels
#endif  // HWY_ONCE
