#include "model/device/aten_rows.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/layer_norm.h>

namespace diffuser::device {
namespace {

at::Tensor Widened(const at::Tensor& x) {
  return x.to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

void Normalize(const at::Tensor& x, const NormWeights& norm, at::Tensor& out) {
  out.copy_(at::layer_norm(x, {x.size(-1)}, norm.weight, norm.bias, norm.epsilon));
}

}  // namespace

void AtenRows::NormalizeEmbeddings(StreamHandle, const EmbeddingTables& tables,
                                   const at::Tensor& ids, const at::Tensor& positions,
                                   const NormWeights& norm, at::Tensor& out) const {
  at::Tensor sum = Widened(at::index_select(tables.word, 0, ids));
  sum.add_(at::index_select(tables.position, 0, positions)).add_(tables.token_type);
  Normalize(sum, norm, out);
}

void AtenRows::AddAndNormalize(StreamHandle, const ResidualRows& rows, const NormWeights& norm,
                               at::Tensor& out) const {
  Normalize(Widened(rows.product).add_(rows.bias).add_(rows.residual), norm, out);
}

void AtenRows::Activate(StreamHandle, at::Tensor& x, const at::Tensor& bias,
                        model::HiddenAct activation) const {
  AtenActivate(x, bias, activation);
}

void AtenActivate(at::Tensor& x, const at::Tensor& bias, model::HiddenAct activation) {
  at::Tensor sum = Widened(x).add_(bias);
  switch (activation) {
    case model::HiddenAct::kGelu:
      x.copy_(at::gelu(sum));
      return;
    case model::HiddenAct::kGeluTanh:
      x.copy_(at::gelu(sum, "tanh"));
      return;
    case model::HiddenAct::kRelu:
      x.copy_(sum.relu_());
  }
}

}  // namespace diffuser::device
