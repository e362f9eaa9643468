#ifndef DIFFUSER_MODEL_DEVICE_ATEN_ROWS_H_
#define DIFFUSER_MODEL_DEVICE_ATEN_ROWS_H_

#include "model/device/encoder_kernels.h"

namespace diffuser::device {

// Kernels whose work on rows is LibTorch's operators', in float32 between input and output; the
// attention is left to subclasses. On any device. Takes memory as it goes, so nothing of it can be
// replayed.
class AtenRows : public EncoderKernels {
 public:
  bool is_replayable() const final { return false; }

  void NormalizeEmbeddings(StreamHandle stream, const EmbeddingTables& tables,
                           const at::Tensor& ids, const at::Tensor& positions,
                           const NormWeights& norm, at::Tensor& out) const final;
  void AddAndNormalize(StreamHandle stream, const ResidualRows& rows, const NormWeights& norm,
                       at::Tensor& out) const final;
  void Activate(StreamHandle stream, at::Tensor& x, const at::Tensor& bias,
                model::HiddenAct activation) const final;
};

// AtenRows::Activate by itself, for kernels that take only some widths.
void AtenActivate(at::Tensor& x, const at::Tensor& bias, model::HiddenAct activation);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_ATEN_ROWS_H_
