#include "model/checkpoint/checkpoint.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/config.h"
#include "model/checkpoint/mapped_file.h"
#include "model/checkpoint/state_dict.h"
#include "model/checkpoint/weight_files.h"

namespace diffuser::checkpoint {
namespace {

constexpr char kConfigFile[] = "config.json";

// Debian builds Abseil with a string_view of its own, which is what its hash maps look up.
absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }

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
  absl::StatusOr<WeightFiles> weights = ReadWeightFiles(dir);
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

void Checkpoint::ReleasePages() const {
  for (const MappedFile& file : mappings_->files) file.ReleasePages();
}

bool Checkpoint::has(std::string_view name) const { return tensors_.contains(AbslView(name)); }

}  // namespace diffuser::checkpoint
