#include "model/device/aten_attention.h"
#include "model/device/aten_rows.h"
#include "model/device/encoder_kernels.h"

namespace diffuser::device {
namespace {

class AtenKernels final : public AtenRows {
 public:
  AtenKernels(const graph::AttentionGraph& graph, const kernels::DiffusionShape& shape, int longest,
              c10::Device device)
      : attention_(graph, shape, longest, device) {}

  std::string_view name() const override { return "aten"; }
  size_t PlanBytes(const BatchBounds&) const override { return 0; }
  size_t WorkspaceBytes(const BatchBounds&) const override { return 0; }
  void WritePlan(const BatchBounds&, absl::Span<const int32_t>, std::byte*) const override {}

  void Diffuse(const BatchOnDevice& batch, const at::Tensor& qkv, at::Tensor& out) const override {
    attention_.Forward(qkv, batch.offsets, out);
  }
  void DiffuseFirstTokens(const BatchOnDevice& batch, const at::Tensor& qkv, at::Tensor& out,
                          at::Tensor& evidence) const override {
    attention_.ForwardFirstTokens(qkv, batch.offsets, out, evidence);
  }

 private:
  AtenAttention attention_;
};

}  // namespace

std::unique_ptr<const EncoderKernels> MakeAtenKernels(const graph::AttentionGraph& graph,
                                                      const kernels::DiffusionShape& shape,
                                                      int longest, c10::Device device) {
  return std::make_unique<AtenKernels>(graph, shape, longest, device);
}

}  // namespace diffuser::device
