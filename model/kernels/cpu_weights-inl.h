// The attention matrix of one document and head from its inputs, for each of Highway's targets;
// included by cpu_head.cc and cpu_training_head.cc alone.
#if defined(DIFFUSER_MODEL_KERNELS_CPU_WEIGHTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef DIFFUSER_MODEL_KERNELS_CPU_WEIGHTS_INL_H_
#undef DIFFUSER_MODEL_KERNELS_CPU_WEIGHTS_INL_H_
#else
#define DIFFUSER_MODEL_KERNELS_CPU_WEIGHTS_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "model/kernels/cpu_layout-inl.h"
#include "model/kernels/cpu_scores-inl.h"
#include "model/profile.h"

HWY_BEFORE_NAMESPACE();
namespace diffuser::kernels {
namespace HWY_NAMESPACE {

// Computes the attention matrix, and copies v, if there is one, to workspace.v, [L, padded_dim].
HWY_INLINE Attention AttentionWeights(const HeadTask& task, Workspace& w) {
  model::PartTimer timer;
  const Attention a = MakeAttention<float>(task, static_cast<int>(hn::Lanes(Floats())), w);
  const size_t size = static_cast<size_t>(task.length) * a.padded_dim;
  const int globals = static_cast<int>(a.globals.size());
  float* q = w.q.Reserve(size);
  float* k = w.k.Reserve(size);
  const float scale = 1.0f / std::sqrt(static_cast<float>(task.dim));
  CopyInput(task, task.q, scale, q);
  CopyInput(task, task.k, 1.0f, k);
  if (task.v != nullptr) CopyInput(task, task.v, 1.0f, w.v.Reserve(size));
  float* k_panels = w.k_panels.Reserve(static_cast<size_t>(RoundUpToLanes(task.length)) * task.dim);
  PackPanels(k, a.padded_dim, task.length, task.dim, k_panels);

  float* global_rows = w.global_rows.Reserve(a.globals.size() * a.padded_dim);
  float* global_panels = w.global_panels.Reserve(static_cast<size_t>(a.padded_globals) * task.dim);
  GatherRows(k, a.padded_dim, a.globals, global_rows);
  PackPanels(global_rows, a.padded_dim, globals, task.dim, global_panels);

  float* bias = w.bias.Reserve(a.padded_globals + a.band_width);
  std::fill_n(bias, a.padded_globals, kNoEdge);
  std::fill_n(bias, globals, 0.0f);
  timer.Count(model::Part::kLayout);
  for (const RowBlock& block : a.blocks) {
    BlockWeights(a, block, q, k, k_panels, global_panels, bias);
  }
  GatherRows(q, a.padded_dim, a.globals, global_rows);
  GlobalRowWeights(a, global_rows, k_panels);
  return a;
}

}  // namespace HWY_NAMESPACE
}  // namespace diffuser::kernels
HWY_AFTER_NAMESPACE();

#endif  // DIFFUSER_MODEL_KERNELS_CPU_WEIGHTS_INL_H_
