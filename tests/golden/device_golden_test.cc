// The published code's hidden states and logits by the encoder for devices, with LibTorch's
// operators in float32: the computation that the kernels of a device are checked against.

#include "tests/golden/device_golden.h"

#include <c10/core/InferenceMode.h>

#include <numeric>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "model/layers/diffusion_attention.h"
#include "tests/golden/golden_model.h"

namespace diffuser {
namespace {

using ::diffuser::testing::DeviceGolden;
using ::diffuser::testing::Tolerance;

class DeviceGoldenTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::shared_ptr<const device::DeviceEncoder> MakeEncoder() const {
    const auto& model = golden_.model();
    return device::testing::MakeEncoder(
        model,
        device::MakeAtenKernels(*model.graph, layers::AttentionShape(model.config()),
                                model.config().max_tokens(), model.runtime->device()),
        at::kFloat);
  }

  const c10::InferenceMode no_autograd_;
  const DeviceGolden golden_{GetParam()};
};

TEST_P(DeviceGoldenTest, GivesEveryHiddenState) {
  const auto encoder = MakeEncoder();
  for (int document = 0; document < golden_.documents(); ++document) {
    EXPECT_LE(golden_.HiddenDifference(*encoder, document), Tolerance(golden_.length(document)))
        << "document " << document;
  }
}

TEST_P(DeviceGoldenTest, GivesTheLogitsOfEveryDocumentAloneAndOfAllTogether) {
  std::vector<int> all(golden_.documents());
  std::iota(all.rbegin(), all.rend(), 0);
  device::Lane lane = golden_.MakeLane(MakeEncoder(), all);
  for (const int document : all) {
    EXPECT_LE(golden_.LogitDifference(lane, {document}), Tolerance(golden_.length(document)))
        << "document " << document;
  }
  EXPECT_LE(golden_.LogitDifference(lane, all), Tolerance(model::kGraphNodes));
}

INSTANTIATE_TEST_SUITE_P(Cases, DeviceGoldenTest, ::testing::Values("tiny", "odd", "long"),
                         [](const auto& tested) { return tested.param; });

}  // namespace
}  // namespace diffuser
