#include "model/checkpoint/checkpoint.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/config.h"
#include "model/checkpoint/mapped_file.h"
#include "model/checkpoint/safetensors.h"
#include "model/checkpoint/sharded.h"
#include "model/checkpoint/state_dict.h"
#include "model/checkpoint/torch_file.h"

namespace diffuser::checkpoint {
namespace {

constexpr char kConfigFile[] = "config.json";
constexpr char kSafetensorsFile[] = "model.safetensors";
constexpr char kTorchFile[] = "pytorch_model.bin";

// Debian builds Abseil with a string_view of its own, which is what its hash maps look up.
absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }

// The tensors of one of the three forms, and what is mapped for them.
struct Weights {
  std::string origin;
  StoredTensors tensors;
  std::vector<MappedFile> files;
};

using ReadFile = absl::StatusOr<StoredTensors> (*)(Bytes file, absl::string_view origin);

absl::StatusOr<Weights> ReadWhole(const std::string& path, MappedFile file, ReadFile read) {
  absl::StatusOr<StoredTensors> tensors = read(file.bytes(), path);
  if (!tensors.ok()) return tensors.status();
  Weights weights{path, *std::move(tensors), {}};
  weights.files.push_back(std::move(file));
  return weights;
}

absl::StatusOr<Weights> ReadShards(const std::string& dir, MappedFile index) {
  Weights weights{absl::StrCat(dir, "/", kShardIndexFile), {}, {}};
  absl::StatusOr<StoredTensors> tensors = ReadSharded(dir, index, weights.files);
  if (!tensors.ok()) return tensors.status();
  weights.tensors = *std::move(tensors);
  return weights;
}

// The first of the three forms whose file is there.
absl::StatusOr<Weights> ReadWeights(const std::string& dir) {
  for (const char* name : {kSafetensorsFile, kShardIndexFile, kTorchFile}) {
    const std::string path = absl::StrCat(dir, "/", name);
    absl::StatusOr<MappedFile> file = MappedFile::Open(path);
    if (absl::IsNotFound(file.status())) continue;
    if (!file.ok()) return file.status();
    if (name == kShardIndexFile) return ReadShards(dir, *std::move(file));
    return ReadWhole(path, *std::move(file), name == kTorchFile ? ReadTorchFile : ReadSafetensors);
  }
  return absl::NotFoundError(absl::StrCat(dir, ": found no weights, expected ", kSafetensorsFile,
                                          ", ", kShardIndexFile, " or ", kTorchFile));
}

}  // namespace

struct Checkpoint::Mappings {
  std::vector<MappedFile> files;
  std::vector<std::vector<std::byte>> copies;
};

Checkpoint::Checkpoint() = default;
Checkpoint::~Checkpoint() = default;

absl::StatusOr<std::unique_ptr<const Checkpoint>> Checkpoint::Open(const std::string& dir) {
  std::error_code error;
  if (!std::filesystem::is_directory(dir, error)) {
    return absl::NotFoundError(absl::StrCat(dir, ": no such directory"));
  }
  absl::StatusOr<model::ModelConfig> config = ReadConfig(absl::StrCat(dir, "/", kConfigFile));
  if (!config.ok()) return config.status();
  absl::StatusOr<Weights> weights = ReadWeights(dir);
  if (!weights.ok()) return weights.status();
  absl::StatusOr<StateDict> state =
      MakeStateDict(*config, std::move(weights->tensors), weights->origin);
  if (!state.ok()) return state.status();
  std::unique_ptr<Checkpoint> checkpoint(new Checkpoint());
  checkpoint->config_ = *std::move(config);
  checkpoint->tensors_ = std::move(state->tensors);
  checkpoint->mappings_ = std::make_unique<const Mappings>(
      Mappings{std::move(weights->files), std::move(state->copies)});
  return checkpoint;
}

const Tensor& Checkpoint::tensor(std::string_view name) const {
  return tensors_.at(AbslView(name));
}

bool Checkpoint::has(std::string_view name) const { return tensors_.contains(AbslView(name)); }

}  // namespace diffuser::checkpoint
