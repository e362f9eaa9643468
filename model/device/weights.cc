#include "model/device/weights.h"

#include <ATen/ops/cat.h>

#include <string>

namespace diffuser::device {
namespace {

// Copies parameters to the device, and counts what they take there.
class Uploader {
 public:
  Uploader(const layers::ParameterSource& parameters, c10::Device device, at::ScalarType type)
      : parameters_(parameters), device_(device), type_(type) {}

  // A copy even where device and type are those of the checkpoint's mapped file.
  at::Tensor Upload(const at::Tensor& values, at::ScalarType type) {
    at::Tensor uploaded =
        values.to(device_, type, /*non_blocking=*/false, /*copy=*/true).contiguous();
    bytes_ += static_cast<int64_t>(uploaded.nbytes());
    return uploaded;
  }

  at::Tensor Rows(const std::string& name) { return Upload(parameters_.Get(name), type_); }

  NormWeights Norm(const std::string& name) {
    return {.weight = Upload(parameters_.Get(name + ".weight"), at::kFloat),
            .bias = Upload(parameters_.Get(name + ".bias"), at::kFloat),
            .epsilon = parameters_.config().layer_norm_eps};
  }

  DenseWeights Dense(const std::string& name, at::ScalarType type) {
    return {.transposed = Upload(parameters_.Get(name + ".weight"), type).t(),
            .bias = Upload(parameters_.Get(name + ".bias"), at::kFloat)};
  }

  LayerWeights Layer(const std::string& prefix) {
    const std::string self = prefix + "attention.self.";
    const auto stacked = [&](const std::string& parameter) {
      return Upload(at::cat({parameters_.Get(self + "query." + parameter),
                             parameters_.Get(self + "key." + parameter),
                             parameters_.Get(self + "value." + parameter)}),
                    type_);
    };
    return {.qkv = stacked("weight").t(),
            .qkv_bias = stacked("bias"),
            .attention_output = Dense(prefix + "attention.output.dense", type_),
            .intermediate = Dense(prefix + "intermediate.dense", type_),
            .output = Dense(prefix + "output.dense", type_),
            .attention_norm = Norm(prefix + "attention.output.LayerNorm"),
            .output_norm = Norm(prefix + "output.LayerNorm")};
  }

  int64_t bytes() const { return bytes_; }

 private:
  const layers::ParameterSource& parameters_;
  c10::Device device_;
  at::ScalarType type_;
  int64_t bytes_ = 0;
};

}  // namespace

DeviceWeights::DeviceWeights(const layers::ParameterSource& parameters, c10::Device target,
                             at::ScalarType type_of_rows)
    : device(target), type(type_of_rows) {
  Uploader uploader(parameters, target, type);
  embeddings = {
      .word = uploader.Rows("embeddings.word_embeddings.weight"),
      .position = uploader.Rows("embeddings.position_embeddings.weight"),
      .token_type = uploader.Rows("embeddings.token_type_embeddings.weight").select(0, 0)};
  embeddings_norm = uploader.Norm("embeddings.LayerNorm");
  for (int index = 0; index < parameters.config().num_layers; ++index) {
    layers.push_back(uploader.Layer("encoder.layer." + std::to_string(index) + "."));
  }
  head = {.dense = uploader.Dense("classifier.dense", at::kFloat),
          .out_proj = uploader.Dense("classifier.out_proj", at::kFloat)};
  bytes = uploader.bytes();
}

}  // namespace diffuser::device
