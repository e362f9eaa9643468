#ifndef DIFFUSER_MODEL_KERNELS_ATTENTION_KERNELS_H_
#define DIFFUSER_MODEL_KERNELS_ATTENTION_KERNELS_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/element.h"

// Tensor letters in this folder: T tokens of the batch, L tokens of one document, H heads, D head
// size, K hops, G global nodes.
namespace diffuser::kernels {

// The diffusion of one layer: h_0 = v, then K times h <- (1 - alpha) A h + alpha v
// (Diffuser, eq. 5).
struct DiffusionShape {
  int heads = 0;     // H
  int head_dim = 0;  // D
  int hops = 5;      // K, at least 1
  float alpha = 0.1f;
};

// Where the projections of a packed batch lie. Row t of q, k and v starts at pointer + t *
// row_stride and holds H * D elements, head after head, so one [T, 3 * H * D] product can be viewed
// three times. Does not own what it points to.
struct QkvView {
  const void* q = nullptr;
  const void* k = nullptr;
  const void* v = nullptr;            // FirstTokenWeights does not read it
  int64_t row_stride = 0;             // in elements
  absl::Span<const int32_t> offsets;  // [documents + 1], as PackedBatch::offsets()

  Element element = Element::kFloat32;

  int documents() const { return static_cast<int>(offsets.size()) - 1; }
};

// Runs body(0), ..., body(count - 1), each once, on any threads, in any order, and returns when all
// are done. Kernels take it from their caller, so that one pool serves the whole process.
using ParallelFor = absl::FunctionRef<void(int64_t count, absl::FunctionRef<void(int64_t)> body)>;

// The attention diffusion of Diffuser over a packed batch. For one document and head, on the
// document's subgraph of the attention graph, with i and j tokens of that document:
//
//   e[i, j] = (q[i] / sqrt(D)) · k[j]          for every edge j -> i
//   A[i, :] = softmax over the sources j of i  (a token without a source has A[i, :] = 0)
//   h_0 = v;  h_{k+1} = (1 - alpha) A h_k + alpha v
//
// Implementations: `reference` (the definition: plain loops, double accumulation, one thread) and
// `cpu`. Every implementation must match `reference` within rounding, and must give a document the
// same bits whatever else is in its batch and however many threads run. Results have the element
// type of the projections; sums are kept in float32 at least.
//
// Stateless and thread-safe.
class AttentionKernels {
 public:
  virtual ~AttentionKernels() = default;

  virtual std::string_view name() const = 0;

  // Writes h_K of every token to out, [T, H * D] with rows of H * D elements.
  // REQUIRES: every document has 1 to graph.nodes() tokens; out overlaps no input.
  virtual void Diffuse(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                       const QkvView& qkv, void* out, ParallelFor parallel) const = 0;

  // For the first token of every document alone, the diffusion runs backwards, without v: with
  // r_0 = e_0 and r_{k+1} = r_k A, h_K[0] = s V where s = sum_{k<K} alpha (1-alpha)^k r_k +
  // (1-alpha)^K r_K. Writes s, what the document's first token takes of each token, to weights,
  // [H, T].
  virtual void FirstTokenWeights(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                                 const QkvView& qkv, float* weights,
                                 ParallelFor parallel) const = 0;
};

// Returns the implementation of that name: "reference" or "cpu".
// Errors: INVALID_ARGUMENT naming the known ones.
absl::StatusOr<std::unique_ptr<const AttentionKernels>> MakeAttentionKernels(std::string_view name);

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_ATTENTION_KERNELS_H_
