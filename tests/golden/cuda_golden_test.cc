// The published code's logits by the CUDA kernels, on the host shim: all layers, with the dense
// ones in float32, so that what is left is the rounding of the attention to 16 bits.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "model/kernels/cuda/cuda_attention.h"
#include "model/layers/heads.h"
#include "tests/golden/golden_model.h"

extern "C" const diffuser::kernels::cuda::Api* diffuser_cuda_api();

namespace diffuser {
namespace {

using ::diffuser::testing::GoldenModel;
using ::diffuser::testing::LargestDifference;
using kernels::cuda::CudaLibrary;
using kernels::cuda::HalfType;

std::vector<float> Values(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

GoldenModel LoadWithCuda(const std::string& name, HalfType type) {
  return GoldenModel::Load(name, [type](std::shared_ptr<const graph::AttentionGraph> graph) {
    const auto library = CudaLibrary::Of(diffuser_cuda_api());
    auto kernels = MakeCudaKernels(library, library->Devices()->front(), std::move(graph), type);
    EXPECT_TRUE(kernels.ok()) << kernels.status();
    return *std::move(kernels);
  });
}

void ExpectNear(const at::Tensor& actual, const GoldenModel& model, int document, double bound) {
  const auto expected = model.expected.Floats(absl::StrCat("doc", document, ".logits"));
  EXPECT_LE(LargestDifference(Values(actual), expected), bound) << "document " << document;
}

TEST(CudaGolden, GivesTheLogitsOfAMixedBatch) {
  const c10::InferenceMode no_autograd;
  for (const HalfType type : {HalfType::kFloat16, HalfType::kBFloat16}) {
    const GoldenModel model = LoadWithCuda("odd", type);
    const layers::ClassificationHead head(model.encoder->parameters());
    const std::vector<int> documents = {3, 0, 4, 2, 1};  // of up to 41 tokens
    const at::Tensor logits =
        head.Forward(model.encoder->EncodeFirstTokens(model.Pack(documents), false).hidden);
    for (size_t i = 0; i < documents.size(); ++i) {
      ExpectNear(logits.select(0, i), model, documents[i],
                 type == HalfType::kFloat16 ? 5e-4 : 3e-3);
    }
  }
}

TEST(CudaGolden, GivesTheLogitsOfALongDocument) {
  const c10::InferenceMode no_autograd;
  const GoldenModel model = LoadWithCuda("long", HalfType::kFloat16);
  const layers::ClassificationHead head(model.encoder->parameters());
  const at::Tensor logits =
      head.Forward(model.encoder->EncodeFirstTokens(model.Pack({2}), false).hidden);
  ExpectNear(logits.select(0, 0), model, 2, 5e-4);
}

TEST(CudaGolden, GivesTheMaskedLogitsOfEveryToken) {
  const c10::InferenceMode no_autograd;
  const GoldenModel model = LoadWithCuda("tiny-mlm", HalfType::kFloat16);
  const layers::MaskedLmHead head(model.encoder->parameters(), model.encoder->embeddings());
  const int layers = model.encoder->parameters().config().num_layers;
  ExpectNear(head.Forward(model.encoder->Encode(model.Pack({1}), layers)), model, 1, 4e-3);
}

}  // namespace
}  // namespace diffuser
