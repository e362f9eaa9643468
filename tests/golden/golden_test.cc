// What the published code computed, to its last digit that means anything: every hidden state and
// every logit, each document alone and in mixed batches, by every implementation of the attention.

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <iostream>
#include <numeric>
#include <string>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/layers/heads.h"
#include "tests/golden/golden_model.h"

namespace diffuser {
namespace {

using ::diffuser::testing::GoldenModel;
using ::diffuser::testing::LargestDifference;
using ::diffuser::testing::Tolerance;

std::vector<float> Values(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.contiguous();
  return {flat.const_data_ptr<float>(), flat.const_data_ptr<float>() + flat.numel()};
}

// The logits of each document of the batch, whichever head the checkpoint has.
std::vector<std::vector<float>> Logits(const layers::Encoder& encoder,
                                       const model::PackedBatch& batch) {
  std::vector<std::vector<float>> logits;
  const model::ModelConfig& config = encoder.parameters().config();
  if (config.head == model::HeadKind::kMaskedLm) {
    const layers::MaskedLmHead head(encoder.parameters(), encoder.embeddings());
    const at::Tensor all = head.Forward(encoder.Encode(batch, config.num_layers));
    for (int i = 0; i < batch.documents(); ++i) {
      logits.push_back(Values(all.narrow(0, batch.offsets()[i], batch.length(i))));
    }
    return logits;
  }
  const layers::ClassificationHead head(encoder.parameters());
  const at::Tensor all = head.Forward(encoder.EncodeFirstTokens(batch, false).hidden);
  for (int i = 0; i < batch.documents(); ++i) logits.push_back(Values(all.select(0, i)));
  return logits;
}

class GoldenTest : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  GoldenTest() : model_(GoldenModel::Load(std::get<0>(GetParam()), std::get<1>(GetParam()))) {}

  ~GoldenTest() override {
    std::cout << "largest difference of " << std::get<0>(GetParam()) << " by the "
              << std::get<1>(GetParam()) << " kernels: " << largest_ << "\n";
  }

  // The plain loops of the reference are slow: it is spared the longest documents.
  bool IsTested(int document) const {
    return std::get<1>(GetParam()) != "reference" || model_.ids(document).size() <= 1024;
  }

  std::vector<int> TestedDocuments() const {
    std::vector<int> documents(model_.expected.documents());
    std::iota(documents.begin(), documents.end(), 0);
    std::erase_if(documents, [this](int document) { return !IsTested(document); });
    return documents;
  }

  void ExpectNear(const std::vector<float>& actual, const std::string& tensor, int64_t tokens) {
    const double difference = LargestDifference(actual, model_.expected.Floats(tensor));
    EXPECT_LE(difference, Tolerance(tokens)) << tensor;
    largest_ = std::max(largest_, difference);
  }

  // Every document of the batch, in its place, against its own golden logits.
  void ExpectLogits(const std::vector<int>& documents) {
    const auto logits = Logits(*model_.encoder, model_.Pack(documents));
    for (size_t i = 0; i < documents.size(); ++i) {
      ExpectNear(logits[i], absl::StrCat("doc", documents[i], ".logits"),
                 model_.ids(documents[i]).size());
    }
  }

  c10::InferenceMode no_autograd_;
  GoldenModel model_;
  double largest_ = 0;
};

TEST_P(GoldenTest, GivesEveryHiddenState) {
  const int layers = model_.encoder->parameters().config().num_layers;
  int compared = 0;
  for (int document : TestedDocuments()) {
    for (int layer = 0; layer <= layers; ++layer) {
      const std::string name = absl::StrCat("doc", document, ".hidden", layer);
      if (!model_.expected.Has(name)) continue;
      const at::Tensor hidden = model_.encoder->Encode(model_.Pack({document}), layer);
      ExpectNear(Values(hidden), name, hidden.size(0));
      ++compared;
    }
  }
  if (compared == 0) GTEST_SKIP() << "this case holds no hidden states";
}

TEST_P(GoldenTest, RunsTheLastLayerBackwardsToTheSameFirstToken) {
  const int layers = model_.encoder->parameters().config().num_layers;
  for (int document : TestedDocuments()) {
    const model::PackedBatch batch = model_.Pack({document});
    const at::Tensor forward = model_.encoder->Encode(batch, layers).narrow(0, 0, 1);
    const at::Tensor backward = model_.encoder->EncodeFirstTokens(batch, false).hidden;
    EXPECT_LE(LargestDifference(Values(backward), Values(forward)), Tolerance(batch.tokens()));
  }
}

TEST_P(GoldenTest, GivesTheLogitsOfEveryDocumentAlone) {
  for (int document : TestedDocuments()) ExpectLogits({document});
}

TEST_P(GoldenTest, GivesTheLogitsOfMixedBatches) {
  std::vector<int> documents = TestedDocuments();
  ExpectLogits(documents);
  std::reverse(documents.begin(), documents.end());
  ExpectLogits(documents);
  documents.insert(documents.end(), documents.begin(), documents.end());
  ExpectLogits(documents);
}

INSTANTIATE_TEST_SUITE_P(Cases, GoldenTest,
                         ::testing::Combine(::testing::Values("tiny", "odd", "long", "tiny-mlm"),
                                            ::testing::Values("cpu", "reference")),
                         [](const auto& tested) {
                           std::string name = absl::StrCat(std::get<0>(tested.param), "_",
                                                           std::get<1>(tested.param));
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace diffuser
