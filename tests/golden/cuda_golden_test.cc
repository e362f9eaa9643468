// The published code's hidden states and logits by all that computes them on a CUDA device, but the
// device: the encoder with its dense layers in 16 bits, the library's host code and kernels on the
// host shim, and lanes that capture and replay. The differences are those of rounding, of the
// weights and after every step: the bounds are twice what they are.

#include <c10/core/InferenceMode.h>

#include <iostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "model/device/device_classifier.h"
#include "model/layers/diffusion_attention.h"
#include "tests/golden/device_golden.h"
#include "tests/model/kernels/cuda/stream_attention.h"

namespace diffuser {
namespace {

using ::diffuser::testing::DeviceGolden;
using kernels::cuda::testing::H100;
using kernels::cuda::testing::StreamKernelsOrDie;

std::shared_ptr<const device::DeviceEncoder> MakeEncoder(const DeviceGolden& golden,
                                                         at::ScalarType type) {
  const auto& model = golden.model();
  const auto shape = layers::AttentionShape(model.config());
  return device::testing::MakeEncoder(
      model,
      device::MakeLibraryKernels(StreamKernelsOrDie(H100(), *model.graph, shape), shape, type),
      type);
}

struct Precision {
  at::ScalarType type;
  double hidden_bound, logit_bound;
};

class CudaGoldenTest : public ::testing::TestWithParam<Precision> {
 protected:
  const c10::InferenceMode no_autograd_;
};

TEST_P(CudaGoldenTest, GivesTheHiddenStates) {
  const DeviceGolden golden("odd");
  const auto encoder = MakeEncoder(golden, GetParam().type);
  for (int document = 0; document < 5; ++document) {  // of up to 41 tokens
    const double difference = golden.HiddenDifference(*encoder, document);
    std::cout << "hidden states of document " << document << ": " << difference << "\n";
    EXPECT_LE(difference, GetParam().hidden_bound);
  }
}

TEST_P(CudaGoldenTest, GivesTheLogitsOfMixedBatchesStepByStepAndReplayed) {
  const DeviceGolden golden("odd");
  device::Lane lane = golden.MakeLane(MakeEncoder(golden, GetParam().type), {0, 1, 2, 3, 4});
  // All of one class, in which two are replayed; float32 takes every batch step by step.
  for (const std::vector<int>& documents : std::vector<std::vector<int>>{
           {3, 0, 4, 2, 1}, {0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {1, 0, 4, 3, 2}}) {
    const double difference = golden.LogitDifference(lane, documents);
    std::cout << "logits: " << difference << "\n";
    EXPECT_LE(difference, GetParam().logit_bound);
  }
  EXPECT_EQ(golden.model().runtime->captures, GetParam().type == at::kFloat ? 0 : 1);
}

TEST_P(CudaGoldenTest, GivesTheLogitsOfALongDocument) {
  const DeviceGolden golden("long");
  device::Lane lane = golden.MakeLane(MakeEncoder(golden, GetParam().type), {2});
  const double difference = golden.LogitDifference(lane, {2});
  std::cout << "logits: " << difference << "\n";
  EXPECT_LE(difference, GetParam().logit_bound);
}

INSTANTIATE_TEST_SUITE_P(Types, CudaGoldenTest,
                         ::testing::Values(Precision{at::kHalf, 0.007, 0.001},
                                           Precision{at::kBFloat16, 0.05, 0.012},
                                           Precision{at::kFloat, 0.0028, 0.0004}),
                         [](const auto& tested) { return c10::toString(tested.param.type); });

}  // namespace
}  // namespace diffuser
