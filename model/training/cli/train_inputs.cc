#include "model/training/cli/train_inputs.h"

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/config.h"
#include "model/checkpoint/mapped_file.h"
#include "model/tokenizer/tokenizer.h"
#include "model/training/data/label_set.h"

namespace diffuser::training {
namespace {

namespace fs = std::filesystem;
using model::ModelConfig;
using tokenizer::Tokenizer;

std::string InInit(const std::string& given, const std::string& init, const char* name) {
  return given.empty() ? (fs::path(init) / name).string() : given;
}

absl::StatusOr<std::string> ReadText(const std::string& path) {
  const absl::StatusOr<checkpoint::MappedFile> file = checkpoint::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  return std::string(checkpoint::AsText(file->bytes()));
}

// `path` is a file tokenizer.json, or a folder.
absl::StatusOr<std::string> TokenizerFolder(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return path;
  const fs::path file(path);
  if (file.filename() != "tokenizer.json") {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": expected a file named tokenizer.json, or the folder it is in"));
  }
  if (!fs::exists(file, ignored)) return absl::NotFoundError(path + ": no such file");
  return file.has_parent_path() ? file.parent_path().string() : ".";
}

// The tokenizer in `folder`; `path` is what it was given as.
absl::StatusOr<std::unique_ptr<const Tokenizer>> LoadTokenizer(const std::string& folder,
                                                               const std::string& path,
                                                               const ModelConfig& config) {
  auto loaded = Tokenizer::Load(folder);
  if (loaded.ok() && (*loaded)->vocab_size() > config.vocab_size) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": found ", (*loaded)->vocab_size(),
                                                   " token ids, expected at most the vocab_size ",
                                                   config.vocab_size, " of the config"));
  }
  return loaded;
}

// The labels that training may go on with: those of a classifier to start from.
absl::StatusOr<std::vector<std::string>> InitLabels(const std::string& init) {
  if (init.empty()) return std::vector<std::string>();
  const absl::StatusOr<ModelConfig> config =
      checkpoint::ReadConfig((fs::path(init) / "config.json").string());
  if (!config.ok()) return config.status();
  return config->labels;
}

void SetLabels(const LabelSet& labels, bool multi_label, ModelConfig& config) {
  config.head = model::HeadKind::kClassification;
  config.problem_type =
      multi_label ? model::ProblemType::kMultiLabel : model::ProblemType::kSingleLabel;
  config.labels = labels.names();
  config.label_thresholds.assign(labels.size(), 0.5f);
}

const char* WhatBecameOfThem(LongDocuments policy) {
  switch (policy) {
    case LongDocuments::kDrop:
      return "left out";
    case LongDocuments::kChunk:
      return "read in windows";
    case LongDocuments::kHead:
    case LongDocuments::kFail:
      break;
  }
  return "cut to their beginning";
}

DataDescription Describe(const std::string& path, const TokenizedDataset& set,
                         LongDocuments policy) {
  DataDescription description;
  description.path = path;
  description.counts = absl::StrCat(set.first_rows().size(), " documents, ", set.tokens(),
                                    " tokens, longest ", set.longest());
  if (set.long_documents() > 0) {
    description.long_documents = absl::StrCat(
        set.long_documents(), " longer than the model reads, ", WhatBecameOfThem(policy));
  }
  return description;
}

// Documents left out may have been the last ones of a label.
absl::Status CheckLabelsLeft(const std::string& path, const TokenizedDataset& set,
                             const LabelSet& labels, const std::vector<bool>& needed) {
  const std::vector<int64_t> counts = set.label_counts(labels.size());
  for (int label = 0; label < labels.size(); ++label) {
    if (needed[label] && counts[label] == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": every document with the label \"", labels.names()[label],
                       "\" is longer than the model reads, and was dropped"));
    }
  }
  return absl::OkStatus();
}

std::vector<bool> LabelsIn(const ExampleFile& file, const LabelSet& labels) {
  std::vector<bool> found(labels.size());
  for (const Example& example : file.examples) {
    for (const std::string& name : example.labels) found[*labels.Find(name)] = true;
  }
  return found;
}

struct ReadData {
  ExampleFile train;
  ExampleFile eval;
  LabelSet labels;
};

absl::StatusOr<ReadData> ReadBoth(const TrainFlags& flags) {
  absl::StatusOr<ExampleFile> train = ReadExamples(flags.data, flags.read);
  if (!train.ok()) return train.status();
  absl::StatusOr<ExampleFile> eval = ReadExamples(flags.eval, flags.read);
  if (!eval.ok()) return eval.status();
  if (absl::Status status = CheckDataSets(*train, *eval); !status.ok()) return status;
  const absl::StatusOr<std::vector<std::string>> start_from = InitLabels(flags.init);
  if (!start_from.ok()) return start_from.status();
  LabelSet labels = LabelSet::Collect(*train, *start_from);
  return ReadData{*std::move(train), *std::move(eval), std::move(labels)};
}

absl::Status Tokenize(const ReadData& data, const Tokenizer& tokenizer, TrainInputs& inputs) {
  const std::vector<bool> needed = LabelsIn(data.train, data.labels);
  for (const bool is_train : {true, false}) {
    const ExampleFile& file = is_train ? data.train : data.eval;
    // The server reads long documents in windows: that is what is evaluated.
    const bool windows = !is_train && inputs.options.long_documents == LongDocuments::kHead;
    const TokenizeOptions options{
        .threads = inputs.options.threads,
        .long_documents = windows ? LongDocuments::kChunk : inputs.options.long_documents};
    auto set = TokenizedDataset::Make(file, tokenizer, data.labels, inputs.config, options);
    if (!set.ok()) return set.status();
    absl::Status left = CheckLabelsLeft(file.path, *set, data.labels, needed);
    if (!left.ok()) return left;
    (is_train ? inputs.train_data : inputs.eval_data) =
        Describe(file.path, *set, options.long_documents);
    (is_train ? inputs.train : inputs.eval) = *std::move(set);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TrainInputs> ReadTrainInputs(const TrainFlags& flags) {
  const std::string config_path = InInit(flags.config, flags.init, "config.json");
  absl::StatusOr<std::string> config_json = ReadText(config_path);
  if (!config_json.ok()) return config_json.status();
  absl::StatusOr<ModelConfig> config = checkpoint::ParseConfig(*config_json, config_path);
  if (!config.ok()) return config.status();
  TrainInputs inputs;
  inputs.options = flags.options;
  absl::Status resolved = ResolveTrainingOptions(*config_json, config_path, inputs.options);
  if (!resolved.ok()) return resolved;
  const std::string tokenizer_flag = flags.tokenizer.empty() ? flags.init : flags.tokenizer;
  absl::StatusOr<std::string> folder = TokenizerFolder(tokenizer_flag);
  if (!folder.ok()) return folder.status();
  inputs.tokenizer_path = *std::move(folder);
  const auto tokenizer = LoadTokenizer(inputs.tokenizer_path, tokenizer_flag, *config);
  if (!tokenizer.ok()) return tokenizer.status();
  const absl::StatusOr<ReadData> data = ReadBoth(flags);
  if (!data.ok()) return data.status();
  if (data->train.multi_label && inputs.options.label_smoothing > 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--label_smoothing: found ", inputs.options.label_smoothing,
                     ", expected 0, as documents have lists of labels"));
  }
  SetLabels(data->labels, data->train.multi_label, *config);
  inputs.config_json = *std::move(config_json);
  inputs.config = *std::move(config);
  if (absl::Status status = Tokenize(*data, **tokenizer, inputs); !status.ok()) return status;
  return inputs;
}

}  // namespace diffuser::training
