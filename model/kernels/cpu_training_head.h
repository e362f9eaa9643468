#ifndef DIFFUSER_MODEL_KERNELS_CPU_TRAINING_HEAD_H_
#define DIFFUSER_MODEL_KERNELS_CPU_TRAINING_HEAD_H_

#include <cstdint>
#include <vector>

#include "model/kernels/cpu_head.h"
#include "model/kernels/cpu_workspace.h"

namespace diffuser::kernels {

// One document and head of a training pass.
struct TrainingTask {
  HeadTask head;
  float attention_dropout;  // rates, [0, 1)
  float hop_dropout;
  uint32_t key;  // HeadKey of this document and head
};

// Where one task's gradients go: row t of `dim` floats at t * row_stride.
struct HeadGradient {
  float* q;
  float* k;
  float* v;
  int64_t row_stride;
};

// Consecutive weights of one row of the attention matrix: of one of its parts, and there at `at`.
// Their sources are `sources[0, count)` or, where that is null, first, first + 1, ...
struct MatrixPiece {
  enum Part { kBand, kColumns, kRows, kRandom };
  Part part;
  int row;
  int count;
  int first;
  const uint16_t* sources;
  size_t at;
};

// A matrix with the layout of the attention matrix.
struct MatrixBuffers {
  AlignedBuffer band;
  AlignedBuffer columns;
  AlignedBuffer rows;
  AlignedBuffer random;
};

// What one task works with, kept by its thread and reused by the next. One at a time.
struct TrainingWorkspace {
  Workspace forward;
  std::vector<MatrixPiece> pieces;
  MatrixBuffers masked;    // Ã
  MatrixBuffers gradient;  // dÃ, then de
  AlignedBuffer ones;      // inverse sums of a matrix that is normalised
  AlignedBuffer turns[2];  // h_k or g_k, [L, padded_dim]
  AlignedBuffer v_gradient;
  AlignedBuffer states;         // h_0 ... h_{K-1} side by side, [L, K * padded_dim]
  AlignedBuffer hop_gradients;  // ĝ_0 ... ĝ_{K-1} side by side
  AlignedBuffer panels;
  AlignedBuffer global_panels;
  AlignedBuffer global_rows;
  AlignedBuffer row_sums;  // [L]
};

// Writes h_K to out, row t of `dim` floats at t * out_stride. Runs on the calling thread.
void TrainHead(const TrainingTask& task, TrainingWorkspace& workspace, float* out,
               int64_t out_stride);

// Given the gradient of h_K, writes those of q, k and v.
void TrainHeadBackward(const TrainingTask& task, TrainingWorkspace& workspace,
                       const float* out_gradient, int64_t out_stride, const HeadGradient& gradient);

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_CPU_TRAINING_HEAD_H_
