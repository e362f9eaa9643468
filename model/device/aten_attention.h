#ifndef DIFFUSER_MODEL_DEVICE_ATEN_ATTENTION_H_
#define DIFFUSER_MODEL_DEVICE_ATEN_ATTENTION_H_

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>

#include "absl/types/span.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"

namespace diffuser::device {

// The attention diffusion (see AttentionKernels) as dense matrices of one document and a few heads,
// with a mask for the edges, in float32: 2 * H * L * L * D * (K + 1) operations a document, some
// fifteen times what its edges need at 4,096 tokens, but by LibTorch's operators alone. On any
// device.
//
// Holds the mask, one byte for each pair of nodes; while it computes, takes some 0.6 GB, or two
// float32 matrices of one head where those are more. Immutable and thread-safe.
class AtenAttention {
 public:
  // For documents of up to `longest` tokens. REQUIRES: 1 <= longest <= graph.nodes().
  AtenAttention(const graph::AttentionGraph& graph, const kernels::DiffusionShape& shape,
                int longest, c10::Device device);

  // qkv [T, 3 * H * D] and out [T, H * D], contiguous, of any floating type; T may be more than
  // offsets (as PackedBatch::offsets()) say: rows beyond stay as they are.
  void Forward(const at::Tensor& qkv, absl::Span<const int32_t> offsets, at::Tensor& out) const;

  // Of every document's first token: out [>= documents, H * D], evidence [T] float32.
  void ForwardFirstTokens(const at::Tensor& qkv, absl::Span<const int32_t> offsets, at::Tensor& out,
                          at::Tensor& evidence) const;

 private:
  // Consecutive heads of one document, float32.
  struct Heads {
    int64_t first = 0, count = 0;
    at::Tensor a;  // [count, L, L]
    at::Tensor v;  // [count, L, D]
  };

  template <class Body>
  void ForEachGroup(const at::Tensor& document, Body body) const;
  at::Tensor Matrix(const at::Tensor& q, const at::Tensor& k) const;

  kernels::DiffusionShape shape_;
  at::Tensor no_edge_;  // [longest, longest], bool: destination, source
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_ATEN_ATTENTION_H_
