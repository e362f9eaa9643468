#ifndef DIFFUSER_MODEL_KERNELS_TRAINING_KERNELS_H_
#define DIFFUSER_MODEL_KERNELS_TRAINING_KERNELS_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"

namespace diffuser::kernels {

// The published regularisation of the diffusion: inverted dropout on the attention weights, once a
// pass, and on what every hop gives. Rates in [0, 1). The same seed drops the same elements
// (dropout_mask.h).
struct DiffusionDropout {
  float attention = 0.0f;
  float hop = 0.0f;
  uint64_t seed = 0;
};

// One pass of a layer's attention diffusion in training. Owns nothing; the graph must outlive it.
// The projections are float32.
struct DiffusionPass {
  const graph::AttentionGraph& graph;
  DiffusionShape shape;
  QkvView qkv;
  DiffusionDropout dropout;
};

// Where gradients go: laid out as the QkvView they belong to.
struct QkvGradient {
  float* q = nullptr;
  float* k = nullptr;
  float* v = nullptr;
  int64_t row_stride = 0;  // in floats
};

// The attention diffusion with dropout, and its gradient. With A as AttentionKernels defines it, M
// and M_k the masks (0 or 1 / (1 - rate)) and * elementwise:
//
//   Ã = M * A;  h_0 = v;  h_{k+1} = M_k * ((1 - alpha) Ã h_k + alpha v)
//
// Nothing but q, k and v is kept between the two: the backward pass computes A and every h_k anew,
// one document and head at a time, which costs a fifth of it and saves 2 K + 3 E / (D L) copies of
// v (E edges of the document). With g_K the gradient of h_K:
//
//   ĝ_k = (1 - alpha) M_k * g_{k+1};  g_k = Ãᵀ ĝ_k;  dÃ[i, j] = sum_k ĝ_k[i] · h_k[j]  (edges only)
//   dv = g_0 + sum_k alpha / (1 - alpha) ĝ_k
//   de = A * (M * dÃ - rowsum(Ã * dÃ));  dq = de k / sqrt(D);  dk = deᵀ q / sqrt(D)
//
// Implementations: `reference` (plain loops, double accumulation, one thread) and `cpu`. Both drop
// the same elements, and give the same bits for any number of threads. Stateless and thread-safe.
class TrainingKernels {
 public:
  virtual ~TrainingKernels() = default;

  // Writes h_K of every token to out, [T, H * D] with rows of H * D floats.
  // REQUIRES: every document has 1 to graph.nodes() tokens; out overlaps no input.
  virtual void Diffuse(const DiffusionPass& pass, float* out, ParallelFor parallel) const = 0;

  // Given the gradient of out, [T, H * D], writes those of q, k and v, of every element.
  // REQUIRES: as for Diffuse; `pass` is the one that gave out.
  virtual void DiffuseBackward(const DiffusionPass& pass, const float* out_gradient,
                               const QkvGradient& gradient, ParallelFor parallel) const = 0;
};

// Returns the implementation of that name: "reference" or "cpu".
// Errors: INVALID_ARGUMENT naming the known ones.
absl::StatusOr<std::unique_ptr<const TrainingKernels>> MakeTrainingKernels(std::string_view name);

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_TRAINING_KERNELS_H_
