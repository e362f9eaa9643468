#include "tests/model/device/test_model.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "model/layers/diffusion_attention.h"

namespace diffuser::device::testing {

TestModel TestModel::Load(const std::string& name) {
  return LoadFolder(absl::StrCat(DIFFUSER_GOLDEN "/", name));
}

TestModel TestModel::LoadFolder(const std::string& dir) {
  auto checkpoint = checkpoint::Checkpoint::Open(dir);
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

at::Tensor HiddenStates(Runtime& runtime, const DeviceEncoder& encoder,
                        const model::PackedBatch& batch, int layers) {
  const BatchBounds bounds = ExactBounds(batch);
  const Workspace workspace(runtime, encoder.config(), encoder.kernels(), encoder.weights().type,
                            bounds);
  encoder.WriteInputs(batch, bounds, workspace.InputsOnHost(bounds));
  EncoderPass pass;
  pass.at = workspace.On(bounds);
  pass.at.inputs.bytes.copy_(workspace.InputsOnHost(bounds).bytes);
  pass.batch = {.bounds = bounds,
                .plan = pass.at.inputs.plan,
                .workspace = pass.at.attention,
                .stream = nullptr,
                .offsets = batch.offsets()};
  encoder.Encode(pass, layers);
  return pass.at.hidden;
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
