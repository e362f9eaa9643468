#ifndef DIFFUSER_MODEL_DEVICE_ATEN_ROWS_H_
#define DIFFUSER_MODEL_DEVICE_ATEN_ROWS_H_

#include "model/device/encoder_kernels.h"

// The work on rows by LibTorch's operators, in float32 between input and output. On any device.
// As the methods of EncoderKernels of these names.
namespace diffuser::device {

void AtenNormalizeEmbeddings(const EmbeddingTables& tables, const at::Tensor& ids,
                             const at::Tensor& positions, const NormWeights& norm, at::Tensor& out);
void AtenAddAndNormalize(const ResidualRows& rows, const NormWeights& norm, at::Tensor& out);
void AtenActivate(at::Tensor& x, const at::Tensor& bias, model::HiddenAct activation);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_ATEN_ROWS_H_
