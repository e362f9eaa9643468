#include "model/training/convert/convert.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/checkpoint_writer.h"
#include "model/checkpoint/file_writer.h"
#include "model/checkpoint/weight_files.h"
#include "model/tokenizer/copy_files.h"
#include "model/tokenizer/tokenizer.h"
#include "model/training/convert/roberta_config.h"
#include "model/training/convert/roberta_weights.h"

namespace diffuser::training {
namespace {

namespace fs = std::filesystem;

absl::Status CheckFolders(const ConvertOptions& options) {
  std::error_code ignored;
  if (!fs::is_directory(options.from, ignored)) {
    return absl::NotFoundError(absl::StrCat(options.from, ": no such directory"));
  }
  if (!fs::exists(options.output, ignored)) return absl::OkStatus();
  if (fs::equivalent(options.from, options.output, ignored)) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.output, ": is the checkpoint to convert, expected another directory"));
  }
  if (!fs::is_directory(options.output, ignored)) {
    return absl::InvalidArgumentError(absl::StrCat(options.output, ": is no directory"));
  }
  if (options.overwrite) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat(options.output, ": is there already; --overwrite replaces its files"));
}

// A checkpoint may come without a tokenizer; one that it has must not give ids it has no row for.
absl::Status CheckTokenizer(const std::string& dir, const model::ModelConfig& config) {
  const auto tokenizer = tokenizer::Tokenizer::Load(dir);
  if (absl::IsNotFound(tokenizer.status())) return absl::OkStatus();
  if (!tokenizer.ok()) return tokenizer.status();
  if ((*tokenizer)->vocab_size() <= config.vocab_size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(dir, ": its tokenizer gives ", (*tokenizer)->vocab_size(),
                   " ids, expected at most ", config.vocab_size, ", vocab_size of config.json"));
}

absl::Status Write(const ConvertOptions& options, const RobertaConfig& config,
                   const ConvertedWeights& weights, ConvertReport& report) {
  std::error_code error;
  fs::create_directories(options.output, error);
  if (error) {
    return absl::ErrnoToStatus(error.value(), absl::StrCat(options.output, ": cannot make it"));
  }
  const std::string config_path = absl::StrCat(options.output, "/config.json");
  fs::remove(config_path, error);
  absl::Status status =
      checkpoint::WriteSafetensors(absl::StrCat(options.output, "/model.safetensors"),
                                   weights.tensors, checkpoint::StoredType::kFloat32);
  if (!status.ok()) return status;
  auto copied = tokenizer::CopyTokenizerFiles(options.from, options.output);
  if (!copied.ok()) return copied.status();
  report.copied = *std::move(copied);
  return checkpoint::WriteFileAtomically(config_path, config.json);
}

}  // namespace

absl::StatusOr<ConvertReport> ConvertRoberta(const ConvertOptions& options) {
  absl::Status status = CheckFolders(options);
  if (!status.ok()) return status;
  const absl::StatusOr<RobertaConfig> config = ReadRobertaConfig(options);
  if (!config.ok()) return config.status();
  status = CheckTokenizer(options.from, config->target);
  if (!status.ok()) return status;
  const absl::StatusOr<checkpoint::WeightFiles> files = checkpoint::ReadWeightFiles(options.from);
  if (!files.ok()) return files.status();
  absl::StatusOr<ConvertedWeights> weights = ConvertWeights(*config, *files, options.seed);
  if (!weights.ok()) return weights.status();
  ConvertReport report{config->target,
                       config->source.max_position_embeddings,
                       std::move(weights->new_head_reason),
                       std::move(weights->dropped),
                       {}};
  status = Write(options, *config, *weights, report);
  if (!status.ok()) return status;
  return report;
}

}  // namespace diffuser::training
