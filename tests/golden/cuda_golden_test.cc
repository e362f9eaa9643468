// The published code's logits by the CUDA kernels, on the host shim: all layers, with the dense
// ones in float32, so that what is left is the rounding of the attention to 16 bits.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "model/layers/heads.h"
#include "tests/golden/golden_model.h"
#include "tests/model/kernels/cuda/stream_attention.h"

namespace diffuser {
namespace {

using ::diffuser::testing::GoldenModel;
using ::diffuser::testing::LargestDifference;
using kernels::cuda::BFloat16;
using kernels::cuda::Float16;
using kernels::cuda::testing::ComputeOnStream;
using kernels::cuda::testing::RoundedProjections;
using kernels::cuda::testing::StreamKernelsOrDie;

// StreamKernels behind the interface of kernels for host memory.
template <class Half>
class HostAttention : public kernels::AttentionKernels {
 public:
  std::string_view name() const override { return "cuda"; }

  void Diffuse(const graph::AttentionGraph& graph, const kernels::DiffusionShape& shape,
               const kernels::QkvView& qkv, void* out, kernels::ParallelFor) const override {
    const std::vector<float> all = Compute(graph, shape, qkv).all;
    std::copy(all.begin(), all.end(), static_cast<float*>(out));
  }

  void DiffuseFirstToken(const graph::AttentionGraph& graph, const kernels::DiffusionShape& shape,
                         const kernels::QkvView& qkv, void* out, float* evidence,
                         kernels::ParallelFor) const override {
    const kernels::testing::Answers answers = Compute(graph, shape, qkv);
    std::copy(answers.first.begin(), answers.first.end(), static_cast<float*>(out));
    if (evidence != nullptr) {
      std::copy(answers.evidence.begin(), answers.evidence.end(), evidence);
    }
  }

 private:
  static kernels::testing::Answers Compute(const graph::AttentionGraph& graph,
                                           const kernels::DiffusionShape& shape,
                                           const kernels::QkvView& qkv) {
    const auto kernels = StreamKernelsOrDie(kernels::cuda::testing::H100(), graph, shape);
    const RoundedProjections<Half> batch(qkv, shape);
    return ComputeOnStream(*kernels, shape, batch, batch.bounds());
  }
};

std::vector<float> Values(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

template <class Half>
GoldenModel LoadWithCuda(const std::string& name) {
  return GoldenModel::Load(name,
                           [](const auto&) { return std::make_unique<HostAttention<Half>>(); });
}

void ExpectNear(const at::Tensor& actual, const GoldenModel& model, int document, double bound) {
  const auto expected = model.expected.Floats(absl::StrCat("doc", document, ".logits"));
  EXPECT_LE(LargestDifference(Values(actual), expected), bound) << "document " << document;
}

void ExpectLogitsOfAMixedBatch(const GoldenModel& model, double bound) {
  const c10::InferenceMode no_autograd;
  const layers::ClassificationHead head(model.encoder->parameters());
  const std::vector<int> documents = {3, 0, 4, 2, 1};  // of up to 41 tokens
  const at::Tensor logits =
      head.Forward(model.encoder->EncodeFirstTokens(model.Pack(documents), false).hidden);
  for (size_t i = 0; i < documents.size(); ++i) {
    ExpectNear(logits.select(0, i), model, documents[i], bound);
  }
}

TEST(CudaGolden, GivesTheLogitsOfAMixedBatch) {
  ExpectLogitsOfAMixedBatch(LoadWithCuda<Float16>("odd"), 5e-4);
  ExpectLogitsOfAMixedBatch(LoadWithCuda<BFloat16>("odd"), 3e-3);
}

TEST(CudaGolden, GivesTheLogitsOfALongDocument) {
  const c10::InferenceMode no_autograd;
  const GoldenModel model = LoadWithCuda<Float16>("long");
  const layers::ClassificationHead head(model.encoder->parameters());
  const at::Tensor logits =
      head.Forward(model.encoder->EncodeFirstTokens(model.Pack({2}), false).hidden);
  ExpectNear(logits.select(0, 0), model, 2, 5e-4);
}

TEST(CudaGolden, GivesTheMaskedLogitsOfEveryToken) {
  const c10::InferenceMode no_autograd;
  const GoldenModel model = LoadWithCuda<Float16>("tiny-mlm");
  const layers::MaskedLmHead head(model.encoder->parameters(), model.encoder->embeddings());
  const int layers = model.encoder->parameters().config().num_layers;
  ExpectNear(head.Forward(model.encoder->Encode(model.Pack({1}), layers)), model, 1, 4e-3);
}

}  // namespace
}  // namespace diffuser
