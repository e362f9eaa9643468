#ifndef DIFFUSER_MODEL_DEVICE_ENCODER_KERNELS_H_
#define DIFFUSER_MODEL_DEVICE_ENCODER_KERNELS_H_

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/types/span.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/stream_kernels.h"
#include "model/model_config.h"

namespace diffuser::device {

using kernels::cuda::BatchBounds;
using kernels::cuda::StreamHandle;

// A batch as kernels find it on the device.
struct BatchOnDevice {
  BatchBounds bounds;
  at::Tensor plan;                // [PlanBytes(bounds)], uint8: what WritePlan wrote
  at::Tensor workspace;           // [>= WorkspaceBytes(bounds)], uint8
  StreamHandle stream = nullptr;  // the one that is ATen's current one, too
  // Of the batch; empty where the work must serve every batch within the bounds.
  absl::Span<const int32_t> offsets;
};

// The parameters of a LayerNorm, [hidden] each, float32, on the device.
struct NormWeights {
  at::Tensor weight;
  at::Tensor bias;
  double epsilon = 0;
};

// Tables of rows of `hidden`, in the precision of the hidden states.
struct EmbeddingTables {
  at::Tensor word;
  at::Tensor position;
  at::Tensor token_type;  // [hidden], the one row that is added to all
};

// A dense layer's product and what belongs to it.
struct ResidualRows {
  at::Tensor product;   // [rows, hidden]
  at::Tensor bias;      // [hidden], float32
  at::Tensor residual;  // [rows, hidden]
};

// All of the encoder on a device that is not a product of dense matrices, on tensors there. Rows
// are contiguous, and of one type: bfloat16, float16 or float32. Calls put work into the current
// stream and return. Immutable and thread-safe. Methods throw, see status_error.h.
class EncoderKernels {
 public:
  virtual ~EncoderKernels() = default;

  virtual std::string_view name() const = 0;

  // Whether the work for some bounds serves every batch within them, so that it can be captured and
  // replayed; otherwise the offsets of the batch must be given.
  virtual bool is_replayable() const = 0;

  // Grow with each of the bounds.
  virtual size_t PlanBytes(const BatchBounds& bounds) const = 0;
  virtual size_t WorkspaceBytes(const BatchBounds& bounds) const = 0;

  // Writes what Diffuse needs to know of the batch to host memory.
  virtual void WritePlan(const BatchBounds& bounds, absl::Span<const int32_t> offsets,
                         std::byte* plan) const = 0;

  // out = LayerNorm(word[ids] + position[positions] + token_type); ids, positions: int32.
  virtual void NormalizeEmbeddings(StreamHandle stream, const EmbeddingTables& tables,
                                   const at::Tensor& ids, const at::Tensor& positions,
                                   const NormWeights& norm, at::Tensor& out) const = 0;
  // out = LayerNorm(product + bias + residual); out may be the residual.
  virtual void AddAndNormalize(StreamHandle stream, const ResidualRows& rows,
                               const NormWeights& norm, at::Tensor& out) const = 0;
  // x = activation(x + bias); x [rows, width], bias [width] float32.
  virtual void Activate(StreamHandle stream, at::Tensor& x, const at::Tensor& bias,
                        model::HiddenAct activation) const = 0;

  // The attention diffusion, see AttentionKernels: qkv [tokens, 3 * hidden], out [tokens, hidden]
  // or [documents, hidden], evidence [tokens] float32; tokens and documents are those of the
  // bounds, rows beyond the batch's stay as they are.
  virtual void Diffuse(const BatchOnDevice& batch, const at::Tensor& qkv,
                       at::Tensor& out) const = 0;
  virtual void DiffuseFirstTokens(const BatchOnDevice& batch, const at::Tensor& qkv,
                                  at::Tensor& out, at::Tensor& evidence) const = 0;
};

// By the project's own kernels; the attention of float32 rows in float16, which has as many bits as
// a tensor core's float32. REQUIRES: `kernels` are of that shape; the type is one of the three.
std::unique_ptr<const EncoderKernels> MakeLibraryKernels(
    std::shared_ptr<const kernels::cuda::StreamKernels> kernels,
    const kernels::DiffusionShape& shape, at::ScalarType type);

// By LibTorch's operators, on any device, in float32 between input and output: slow and plain, what
// the others are checked against, and what takes their place.
std::unique_ptr<const EncoderKernels> MakeAtenKernels(const graph::AttentionGraph& graph,
                                                      const kernels::DiffusionShape& shape,
                                                      int longest, c10::Device device);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_ENCODER_KERNELS_H_
