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

// Lays the parts of the matrix out in the workspace.
HWY_INLINE Attention MakeAttention(const HeadTask& task, Workspace& w) {
  const size_t length = task.length;
  const auto globals = task.graph.globals(task.length);
  const int padded_globals = RoundUpToLanes(static_cast<int>(globals.size()));
  w.random_offsets.resize(length + 1);
  for (int row = 0; row < task.length; ++row) {
    w.random_offsets[row + 1] =
        w.random_offsets[row] + task.graph.random_sources(row, task.length).size();
  }
  const int band_width = CutIntoBlocks(task, w.blocks);
  Attention a = {.task = task,
                 .padded_dim = RoundUpToLanes(task.dim),
                 .globals = globals,
                 .padded_globals = padded_globals,
                 .band_width = band_width,
                 .band = w.band.Reserve(length * band_width),
                 .columns = w.columns.Reserve(length * padded_globals),
                 .rows = nullptr,
                 .random = w.random.Reserve(w.random_offsets[length] + kChunk),
                 .inverse = w.inverse.Reserve(length + globals.size()),
                 .global_inverse = nullptr,
                 .blocks = w.blocks,
                 .random_offsets = w.random_offsets.data()};
  a.rows = w.rows.Reserve(globals.size() * a.chunks() * kChunk);
  a.global_inverse = a.inverse + length;
  return a;
}

// Computes the attention matrix, and copies v to workspace.v, [L, padded_dim].
HWY_INLINE Attention AttentionWeights(const HeadTask& task, Workspace& w) {
  model::PartTimer timer;
  const Attention a = MakeAttention(task, w);
  const size_t size = static_cast<size_t>(task.length) * a.padded_dim;
  const int globals = static_cast<int>(a.globals.size());
  float* q = w.q.Reserve(size);
  float* k = w.k.Reserve(size);
  const float scale = 1.0f / std::sqrt(static_cast<float>(task.dim));
  CopyRows(task.q, task.row_stride, task.length, task.dim, scale, q);
  CopyRows(task.k, task.row_stride, task.length, task.dim, 1.0f, k);
  CopyRows(task.v, task.row_stride, task.length, task.dim, 1.0f, w.v.Reserve(size));
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
