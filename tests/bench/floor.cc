#include "tests/bench/floor.h"

#include <ATen/Parallel.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "model/layers/arena.h"
#include "model/layers/guard.h"
#include "model/layers/linear.h"
#include "model/layers/onednn_linear.h"
#include "tests/bench/device_floor.h"
#include "tests/bench/stopwatch.h"

namespace diffuser::bench {
namespace {

constexpr char kCpu[] = "cpu";

at::Tensor Random(int64_t rows, int64_t columns, at::ScalarType dtype) {
  return at::randn({rows, columns}).mul_(0.02).to(dtype);
}

class PackedLinear {
 public:
  PackedLinear(int64_t in, int64_t out, std::string_view activation, at::ScalarType dtype)
      : weight_(layers::PackForOneDnn(Random(out, in, dtype))),
        bias_(Random(1, out, dtype).squeeze(0)),
        activation_(activation) {}

  at::Tensor operator()(const at::Tensor& x) const {
    return layers::OneDnnLinear(x, weight_, bias_, activation_, "none");
  }

 private:
  at::Tensor weight_, bias_;
  std::string_view activation_;
};

struct FloorLayer {
  FloorLayer(const model::ModelConfig& config, at::ScalarType dtype)
      : qkv(config.hidden_size, 3 * config.hidden_size, "none", dtype),
        attention_output(config.hidden_size, config.hidden_size, "none", dtype),
        intermediate(config.hidden_size, config.intermediate_size, "gelu", dtype),
        output(config.intermediate_size, config.hidden_size, "none", dtype) {}

  at::Tensor AfterAttention(const at::Tensor& x) const {
    return output(intermediate(attention_output(x)));
  }

  PackedLinear qkv, attention_output, intermediate, output;
};

// The linear layers that the engine needs of the last layer.
struct NeededOfLastLayer {
  NeededOfLastLayer(const model::ModelConfig& config, at::ScalarType dtype)
      : qk(config.hidden_size, 2 * config.hidden_size, "none", dtype),
        value(config.hidden_size, config.hidden_size, "none", dtype) {}

  PackedLinear qk, value;  // of all tokens; of a token a document
};

class OneDnnFloor final : public Floor {
 public:
  OneDnnFloor(const model::ModelConfig& config, const FloorOptions& options)
      : options_(options),
        dtype_(options.precision == model::Precision::kBFloat16 ? at::kBFloat16 : at::kFloat),
        hidden_(config.hidden_size),
        last_(config, dtype_) {
    for (int i = 0; i < config.num_layers; ++i) layers_.emplace_back(config, dtype_);
  }

  absl::StatusOr<FloorSeconds> Run(int tokens, int documents) override {
    FloorSeconds seconds;
    const absl::Status status = layers::GuardTorch(Report, [&] {
      seconds = RunInMemory(tokens, documents);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return seconds;
  }

  static void Report(const std::string& details) { std::cerr << details << std::endl; }

 private:
  FloorSeconds RunInMemory(int tokens, int documents) {
    if (!options_.reuse_memory) return RunUnguarded(tokens, documents);
    const layers::ArenaScope scope(arena_);
    return RunUnguarded(tokens, documents);
  }

  FloorSeconds RunUnguarded(int tokens, int documents) const {
    const c10::InferenceMode no_autograd;
    at::set_num_threads(options_.threads);
    const at::Tensor input = Random(tokens, hidden_, dtype_);
    const at::Tensor few = Random(documents, hidden_, dtype_);
    const Stopwatch whole;
    at::Tensor x = input;
    for (size_t i = 0; i + 1 < layers_.size(); ++i) {
      layers_[i].qkv(x);
      x = layers_[i].AfterAttention(x);
    }
    const double shared = whole.seconds();
    layers_.back().qkv(x);
    layers_.back().AfterAttention(x);
    FloorSeconds seconds{.whole = whole.seconds(), .whole_cpu = whole.cpu_seconds()};
    const Stopwatch rest;
    last_.qk(x);
    last_.value(few);
    layers_.back().AfterAttention(few);
    seconds.needed = shared + rest.seconds();
    return seconds;
  }

  const FloorOptions options_;
  const at::ScalarType dtype_;
  const int64_t hidden_;
  const NeededOfLastLayer last_;
  const layers::Arena arena_;
  std::vector<FloorLayer> layers_;
};

}  // namespace

model::Precision Floor::PrecisionFor(model::Precision precision, const std::string& device) {
  if (precision == model::Precision::kFloat32 || precision == model::Precision::kFloat16) {
    return precision;
  }
  return device != kCpu || layers::IsSupported(model::Precision::kBFloat16)
             ? model::Precision::kBFloat16
             : model::Precision::kFloat32;
}

absl::StatusOr<std::unique_ptr<Floor>> Floor::Make(const model::ModelConfig& config,
                                                   const FloorOptions& options) {
  if (options.device == kCpu && !layers::IsSupported(options.precision)) {
    return absl::FailedPreconditionError("this machine lacks the floor's precision");
  }
  std::unique_ptr<Floor> floor;
  const absl::Status status = layers::GuardTorch(OneDnnFloor::Report, [&] {
    const c10::InferenceMode no_autograd;
    if (options.device == kCpu) {
      floor = std::make_unique<OneDnnFloor>(config, options);
    } else {
      floor = MakeDeviceFloor(c10::Device(options.device), config, options);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return floor;
}

}  // namespace diffuser::bench
