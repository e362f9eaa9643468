#ifndef DIFFUSER_TESTS_MODEL_DEVICE_TEST_MODEL_H_
#define DIFFUSER_TESTS_MODEL_DEVICE_TEST_MODEL_H_

#include <memory>
#include <string>
#include <vector>

#include "model/classifier.h"
#include "model/device/device_classifier.h"
#include "model/device/device_encoder.h"
#include "model/device/lane.h"
#include "tests/model/device/host_kernels.h"
#include "tests/model/device/host_runtime.h"

namespace diffuser::device::testing {

// The checkpoint of one folder with what a device needs to compute it, on the host.
struct TestModel {
  // Fail the running test where the folder cannot be loaded.
  static TestModel Load(const std::string& name);       // a golden one
  static TestModel LoadFolder(const std::string& dir);  // any

  const model::ModelConfig& config() const { return parameters->config(); }
  DeviceParts parts() const {
    return {.runtime = runtime, .kernels = kernels, .parameters = parameters, .graph = graph};
  }

  std::shared_ptr<const layers::ParameterSource> parameters;
  std::shared_ptr<const graph::AttentionGraph> graph;
  std::shared_ptr<HostRuntime> runtime = std::make_shared<HostRuntime>();
  std::shared_ptr<HostKernels> kernels;
};

std::shared_ptr<const DeviceEncoder> MakeEncoder(const TestModel& model,
                                                 std::shared_ptr<const EncoderKernels> kernels,
                                                 at::ScalarType type);

// The hidden states of the batch after the first `layers` layers, [T, hidden].
at::Tensor HiddenStates(Runtime& runtime, const DeviceEncoder& encoder,
                        const model::PackedBatch& batch, int layers);

// Documents of these lengths, of ids that "tiny" and "odd" have.
model::PackedBatch Documents(const std::vector<int>& lengths);

}  // namespace diffuser::device::testing

#endif  // DIFFUSER_TESTS_MODEL_DEVICE_TEST_MODEL_H_
