#include "tests/bench/base_checkpoint.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tests/testing/checkpoint_writer.h"

namespace diffuser::bench {

model::ModelConfig BaseConfig() {
  model::ModelConfig config;
  config.vocab_size = 50265;
  config.hidden_size = 768;
  config.num_layers = 12;
  config.num_heads = 12;
  config.intermediate_size = 3072;
  config.max_position_embeddings = 4098;
  config.attention_window = 64;
  config.num_rand = 64;
  config.num_glob = 64;
  config.labels = {"no", "yes"};
  return config;
}

absl::Status MakeRandomCheckpoint(const std::string& dir, const model::ModelConfig& config) {
  if (std::filesystem::exists(dir)) return absl::OkStatus();
  // Under a name of its own until it is whole.
  const std::string partial = dir + ".partial";
  const absl::Status status = testing::WriteRandomCheckpoint(partial, config, /*seed=*/1);
  if (!status.ok()) return status;
  std::error_code error;
  std::filesystem::rename(partial, dir, error);
  if (error) return absl::UnavailableError(absl::StrCat(dir, ": ", error.message()));
  return absl::OkStatus();
}

}  // namespace diffuser::bench
