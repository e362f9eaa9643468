#include "tests/golden/device_golden.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/golden/golden_model.h"

namespace diffuser::testing {

DeviceGolden::DeviceGolden(const std::string& name)
    : model_(device::testing::TestModel::Load(name)) {
  auto expected = GoldenCase::Load(absl::StrCat(DIFFUSER_GOLDEN "/", name));
  EXPECT_TRUE(expected.ok()) << expected.status();
  expected_ = *std::move(expected);
  for (int i = 0; i < expected_.documents(); ++i) {
    ids_.push_back(expected_.Ints(absl::StrCat("doc", i, ".input_ids")));
  }
}

model::PackedBatch DeviceGolden::Pack(const std::vector<int>& documents) const {
  model::PackedBatch batch;
  for (const int document : documents) batch.Append(ids_[document]);
  return batch;
}

device::Lane DeviceGolden::MakeLane(std::shared_ptr<const device::DeviceEncoder> encoder,
                                    const std::vector<int>& documents) const {
  return device::Lane(*model_.runtime, std::move(encoder), device::ExactBounds(Pack(documents)),
                      {});
}

double DeviceGolden::LogitDifference(device::Lane& lane, const std::vector<int>& documents) const {
  const auto answers = lane.Classify(Pack(documents), {});
  double largest = 0;
  for (size_t i = 0; i < documents.size(); ++i) {
    const auto expected = expected_.Floats(absl::StrCat("doc", documents[i], ".logits"));
    largest = std::max(largest, LargestDifference(answers[i].logits, expected));
  }
  return largest;
}

double DeviceGolden::HiddenDifference(const device::DeviceEncoder& encoder, int document) const {
  double largest = 0;
  for (int layer = 0; layer <= encoder.config().num_layers; ++layer) {
    const std::string name = absl::StrCat("doc", document, ".hidden", layer);
    if (!expected_.Has(name)) continue;
    const at::Tensor hidden =
        HiddenStates(*model_.runtime, encoder, Pack({document}), layer).to(at::kFloat);
    const float* data = hidden.const_data_ptr<float>();
    largest =
        std::max(largest, LargestDifference({data, data + hidden.numel()}, expected_.Floats(name)));
  }
  return largest;
}

}  // namespace diffuser::testing
