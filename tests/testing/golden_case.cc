#include "tests/testing/golden_case.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace diffuser::testing {
namespace {

using nlohmann::json;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

template <typename T>
std::vector<T> Elements(const std::string& bytes) {
  std::vector<T> elements(bytes.size() / sizeof(T));
  std::memcpy(elements.data(), bytes.data(), elements.size() * sizeof(T));
  return elements;
}

}  // namespace

absl::StatusOr<GoldenCase> GoldenCase::Load(const std::string& dir) {
  GoldenCase golden;
  if (auto s = golden.ReadConfig(dir + "/config.json"); !s.ok()) return s;
  if (auto s = golden.ReadTensors(dir + "/expected.safetensors"); !s.ok()) return s;
  return golden;
}

absl::Status GoldenCase::ReadConfig(const std::string& path) {
  auto text = ReadFile(path);
  if (!text.ok()) return text.status();
  const json config = json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!config.is_object() || !config.contains("attention_window")) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no attention_window"));
  }
  const auto windows = config["attention_window"].get<std::vector<int>>();
  graph_options_.window = *std::max_element(windows.begin(), windows.end());
  graph_options_.num_rand = config.value("num_rand", 0);
  graph_options_.num_glob = config.value("num_glob", 0);
  return absl::OkStatus();
}

// The format: a little-endian 64-bit length, a JSON header of that length, then all tensors' bytes.
absl::Status GoldenCase::ReadTensors(const std::string& path) {
  auto file = ReadFile(path);
  if (!file.ok()) return file.status();
  uint64_t header_bytes = 0;
  if (file->size() >= sizeof(header_bytes)) {
    std::memcpy(&header_bytes, file->data(), sizeof(header_bytes));
  }
  const json header =
      json::parse(file->substr(std::min(file->size(), sizeof(header_bytes)), header_bytes), nullptr,
                  /*allow_exceptions=*/false);
  if (!header.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": no safetensors header"));
  }
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const auto range = entry.at("data_offsets").get<std::vector<uint64_t>>();
    const uint64_t begin = sizeof(header_bytes) + header_bytes + range[0];
    if (begin + (range[1] - range[0]) > file->size()) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": ", name, " ends after the file"));
    }
    tensors_[name] = {entry.at("dtype"), entry.at("shape"),
                      file->substr(begin, range[1] - range[0])};
  }
  return absl::OkStatus();
}

int GoldenCase::documents() const {
  int count = 0;
  while (Has(absl::StrCat("doc", count, ".input_ids"))) ++count;
  return count;
}

const std::vector<int64_t>& GoldenCase::Shape(std::string_view name) const {
  return tensors_.find(name)->second.shape;
}

std::vector<float> GoldenCase::Floats(std::string_view name) const {
  const Tensor& tensor = tensors_.find(name)->second;
  return tensor.dtype == "F32" ? Elements<float>(tensor.bytes) : std::vector<float>{};
}

std::vector<int32_t> GoldenCase::Ints(std::string_view name) const {
  const Tensor& tensor = tensors_.find(name)->second;
  return tensor.dtype == "I32" ? Elements<int32_t>(tensor.bytes) : std::vector<int32_t>{};
}

}  // namespace diffuser::testing
