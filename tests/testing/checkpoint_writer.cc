#include "tests/testing/checkpoint_writer.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/checkpoint_writer.h"
#include "model/checkpoint/config_writer.h"
#include "model/checkpoint/state_dict.h"

namespace diffuser::testing {
namespace {

using model::ModelConfig;
using nlohmann::json;

// Numbers evenly spread over [center - spread, center + spread).
class Uniform {
 public:
  explicit Uniform(uint64_t seed) : generator_(seed) {}

  std::vector<float> Draw(int64_t count, float center, float spread) {
    std::vector<float> numbers(count);
    for (float& number : numbers) {
      const float unit = static_cast<float>(generator_() >> 40) * 0x1p-24f;  // [0, 1)
      number = center + spread * (2 * unit - 1);
    }
    return numbers;
  }

 private:
  std::mt19937_64 generator_;  // its sequence is the standard's, unlike the distributions'
};

bool IsNormWeight(const std::string& name) {
  return absl::EndsWith(name, "LayerNorm.weight") || absl::EndsWith(name, "layer_norm.weight");
}

std::vector<float> DrawTensor(const checkpoint::ExpectedTensor& tensor, Uniform& uniform) {
  int64_t count = 1;
  for (const int64_t extent : tensor.shape) count *= extent;
  if (IsNormWeight(tensor.name)) return uniform.Draw(count, 1, 0.2f);
  if (tensor.shape.size() == 1) return uniform.Draw(count, 0, 0.2f);
  if (absl::StartsWith(tensor.name, "embeddings.")) return uniform.Draw(count, 0, 1);
  // The variance of an even spread is a third of its square: a linear layer keeps its input's size.
  return uniform.Draw(count, 0, std::sqrt(3.0f / tensor.shape.back()));
}

}  // namespace

FileTensor Float32Tensor(std::string name, std::vector<int64_t> shape,
                         absl::Span<const float> elements) {
  return {std::move(name), "F32", std::move(shape),
          checkpoint::StoredBytes(elements, checkpoint::StoredType::kFloat32)};
}

std::string ConfigJson(const ModelConfig& config) { return *checkpoint::ConfigJson(config); }

std::vector<FileTensor> RandomTensors(const ModelConfig& config, uint64_t seed) {
  Uniform uniform(seed);
  std::vector<FileTensor> tensors;
  for (const checkpoint::ExpectedTensor& tensor : checkpoint::ExpectedTensors(config)) {
    if (!tensor.is_required) continue;
    tensors.push_back(Float32Tensor(checkpoint::PublishedName(tensor.name), tensor.shape,
                                    DrawTensor(tensor, uniform)));
  }
  return tensors;
}

std::string SafetensorsFile(const std::vector<FileTensor>& tensors) {
  json header = {{"__metadata__", {{"format", "pt"}}}};
  std::string data;
  for (const FileTensor& tensor : tensors) {
    const size_t begin = data.size();
    data += tensor.data;
    header[tensor.name] = {
        {"dtype", tensor.dtype}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  return SafetensorsFile(header.dump(), data);
}

std::string SafetensorsFile(absl::string_view header, absl::string_view data) {
  const uint64_t length = header.size();
  return absl::StrCat(absl::string_view(reinterpret_cast<const char*>(&length), sizeof(length)),
                      header, data);
}

absl::Status WriteFile(const std::string& path, absl::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), content.size());
  file.close();
  if (file) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
}

absl::Status WriteRandomCheckpoint(const std::string& dir, const ModelConfig& config,
                                   uint64_t seed) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return absl::UnavailableError(absl::StrCat(dir, ": ", error.message()));
  const absl::Status status = WriteFile(dir + "/config.json", ConfigJson(config));
  if (!status.ok()) return status;
  return WriteFile(dir + "/model.safetensors", SafetensorsFile(RandomTensors(config, seed)));
}

}  // namespace diffuser::testing
