#ifndef DIFFUSER_MODEL_KERNELS_CUDA_WORKSPACE_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_WORKSPACE_H_

#include <cstddef>

#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/batch_bounds.h"
#include "model/kernels/cuda/batch_sizes.h"
#include "model/kernels/cuda/layout.h"

namespace diffuser::kernels::cuda {

// What the kernels of one layer work in. Does not own it.
struct Workspace {
  MatrixView matrix;
  float* scratch;  // see AttentionCall
  size_t bytes;
};

// Lays it out at `memory`, or says how much it takes where that is null. `most` is of the bounds.
Workspace LayOutWorkspace(const DiffusionShape& shape, const BatchBounds& bounds,
                          const MatrixSizes& most, std::byte* memory);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_WORKSPACE_H_
