#include "tests/bench/device_floor.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <iostream>
#include <string>
#include <vector>

#include "model/layers/guard.h"
#include "tests/bench/device_marks.h"
#include "tests/bench/stopwatch.h"

namespace diffuser::bench {
namespace {

at::Tensor Random(at::IntArrayRef shape, const at::TensorOptions& options) {
  return at::randn(shape, options.dtype(at::kFloat)).mul_(0.02).to(options);
}

struct DeviceLinear {
  DeviceLinear(int64_t in, int64_t out, const at::TensorOptions& options)
      : weight(Random({out, in}, options)), bias(Random({out}, options)) {}

  at::Tensor operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

  at::Tensor weight, bias;
};

struct DeviceFloorLayer {
  DeviceFloorLayer(const model::ModelConfig& config, const at::TensorOptions& options)
      : qkv(config.hidden_size, 3 * config.hidden_size, options),
        attention_output(config.hidden_size, config.hidden_size, options),
        intermediate(config.hidden_size, config.intermediate_size, options),
        output(config.intermediate_size, config.hidden_size, options) {}

  at::Tensor AfterAttention(const at::Tensor& x) const {
    return output(intermediate(attention_output(x)));
  }

  DeviceLinear qkv, attention_output, intermediate, output;
};

at::ScalarType TypeOf(model::Precision precision) {
  if (precision == model::Precision::kFloat16) return at::kHalf;
  return precision == model::Precision::kBFloat16 ? at::kBFloat16 : at::kFloat;
}

class DeviceFloor final : public Floor {
 public:
  DeviceFloor(c10::Device device, const model::ModelConfig& config, const FloorOptions& options)
      : tensors_(at::TensorOptions(device).dtype(TypeOf(options.precision))),
        hidden_(config.hidden_size) {
    for (int i = 0; i < config.num_layers; ++i) layers_.emplace_back(config, tensors_);
  }

  absl::StatusOr<FloorSeconds> Run(int tokens, int documents) override {
    FloorSeconds seconds;
    const absl::Status status =
        layers::GuardTorch([](const std::string& details) { std::cerr << details << std::endl; },
                           [&] {
                             seconds = RunUnguarded(tokens, documents);
                             return absl::OkStatus();
                           });
    if (!status.ok()) return status;
    return seconds;
  }

 private:
  FloorSeconds RunUnguarded(int tokens, int documents) const {
    const c10::InferenceMode no_autograd;
    at::Tensor x = Random({tokens, hidden_}, tensors_);
    const at::Tensor few = Random({documents, hidden_}, tensors_);
    const Stopwatch host;
    DeviceMarks marks(tensors_.device());
    marks.Add();
    for (size_t i = 0; i + 1 < layers_.size(); ++i) {
      layers_[i].qkv(x);
      x = layers_[i].AfterAttention(x);
    }
    layers_.back().qkv(x);
    marks.Add();
    layers_.back().AfterAttention(x);
    marks.Add();
    layers_.back().AfterAttention(few);
    marks.Add();
    const std::vector<double> seconds = marks.Intervals();
    return {.whole = seconds[0] + seconds[1],
            .whole_cpu = host.cpu_seconds(),
            .needed = seconds[0] + seconds[2]};
  }

  const at::TensorOptions tensors_;
  const int64_t hidden_;
  std::vector<DeviceFloorLayer> layers_;
};

}  // namespace

std::unique_ptr<Floor> MakeDeviceFloor(c10::Device device, const model::ModelConfig& config,
                                       const FloorOptions& options) {
  const c10::InferenceMode no_autograd;
  return std::make_unique<DeviceFloor>(device, config, options);
}

}  // namespace diffuser::bench
