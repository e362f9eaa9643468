#include "tests/model/device/test_model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "model/layers/diffusion_attention.h"

namespace diffuser::device::testing {

TestModel TestModel::Load(const std::string& name) {
  auto checkpoint = checkpoint::Checkpoint::Open(absl::StrCat(DIFFUSER_GOLDEN "/", name));
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  TestModel model;
  model.parameters = std::make_shared<const layers::CheckpointParameters>(*std::move(checkpoint));
  const model::ModelConfig& config = model.config();
  auto graph = graph::AttentionGraph::Build({.nodes = model::kGraphNodes,
                                             .window = config.attention_window,
                                             .num_rand = config.num_rand,
                                             .num_glob = config.num_glob});
  EXPECT_TRUE(graph.ok()) << graph.status();
  model.graph = *std::move(graph);
  model.kernels = std::make_shared<HostKernels>(model.graph, layers::AttentionShape(config));
  return model;
}

std::shared_ptr<const DeviceEncoder> MakeEncoder(const TestModel& model,
                                                 std::shared_ptr<const EncoderKernels> kernels,
                                                 at::ScalarType type) {
  return std::make_shared<const DeviceEncoder>(
      model.config(),
      std::make_shared<const DeviceWeights>(*model.parameters, model.runtime->device(), type),
      std::move(kernels));
}

model::PackedBatch Documents(const std::vector<int>& lengths) {
  model::PackedBatch batch;
  for (const int length : lengths) {
    std::vector<int32_t> ids(length);
    for (int i = 0; i < length; ++i) ids[i] = 2 + (i * 7 + length) % 250;
    batch.Append(ids);
  }
  return batch;
}

}  // namespace diffuser::device::testing
