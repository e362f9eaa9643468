#include "model/kernels/cuda/workspace.h"

#include <algorithm>

#include "model/kernels/cuda/memory_layout.h"

namespace diffuser::kernels::cuda {

Workspace LayOutWorkspace(const DiffusionShape& shape, const BatchBounds& bounds,
                          const MatrixSizes& most, std::byte* memory) {
  const int64_t heads = shape.heads;
  MemoryLayout layout(memory);
  Workspace workspace = {};
  workspace.matrix = {.tiles = layout.Take<Words>(heads * most.tiles * kTileWords),
                      .tile_scales = layout.Take<float>(heads * most.tiles * kStripRows),
                      .groups = layout.Take<Words>(heads * most.groups * kStripRows),
                      .group_maxima = layout.Take<float>(heads * most.groups * kStripRows),
                      .chunk_states = layout.Take<SoftmaxState>(heads * most.chunks * kStripRows)};
  const int64_t partials = heads * most.chunks * kStripRows * shape.head_dim;
  workspace.scratch = layout.Take<float>(std::max(partials, heads * bounds.tokens));
  workspace.bytes = layout.bytes();
  return workspace;
}

}  // namespace diffuser::kernels::cuda
