#include "model/training/checkpoint_output.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/checkpoint_writer.h"
#include "model/checkpoint/config_writer.h"
#include "model/checkpoint/file_writer.h"
#include "model/checkpoint/mapped_file.h"
#include "model/training/report/curves.h"
#include "model/training/report/model_card.h"
#include "model/training/settings.h"

namespace diffuser::training {
namespace {

checkpoint::StoredType ToStoredType(WeightsType type) {
  switch (type) {
    case WeightsType::kFloat16:
      return checkpoint::StoredType::kFloat16;
    case WeightsType::kBFloat16:
      return checkpoint::StoredType::kBFloat16;
    case WeightsType::kFloat32:
      break;
  }
  return checkpoint::StoredType::kFloat32;
}

absl::Status CopyFile(const std::string& from, const std::string& to) {
  const auto file = checkpoint::MappedFile::Open(from);
  if (!file.ok()) return file.status();
  return checkpoint::WriteFileAtomically(
      to, {reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()});
}

absl::Status CopyTokenizer(const TrainingJob& job) {
  const bool is_folder = std::filesystem::is_directory(job.tokenizer_path);
  const std::string file = is_folder ? job.tokenizer_path + "/tokenizer.json" : job.tokenizer_path;
  if (std::filesystem::exists(file)) return CopyFile(file, job.output_dir + "/tokenizer.json");
  for (const char* name : {"/vocab.json", "/merges.txt"}) {
    const absl::Status status = CopyFile(job.tokenizer_path + name, job.output_dir + name);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status WriteConfig(const TrainingJob& job) {
  const auto json = checkpoint::ConfigJson(job.config, job.config_json);
  if (!json.ok()) return json.status();
  return checkpoint::WriteFileAtomically(job.output_dir + "/config.json", *json);
}

std::vector<int64_t> CountLabels(const TrainingJob& job) {
  std::vector<int64_t> documents(job.config.labels.size());
  for (int64_t row = 0; row < job.train.size(); ++row) {
    for (const int32_t label : job.train.labels(row)) ++documents[label];
  }
  return documents;
}

}  // namespace

absl::Status WriteCheckpoint(const TrainingJob& job, const TrainableParameters& parameters) {
  if (absl::Status status = CopyTokenizer(job); !status.ok()) return status;
  if (absl::Status status = WriteConfig(job); !status.ok()) return status;
  std::vector<checkpoint::NamedTensor> tensors;
  for (const Parameter& parameter : parameters.all()) {
    tensors.push_back({checkpoint::PublishedName(parameter.name),
                       parameter.tensor.sizes().vec(),
                       {parameter.tensor.const_data_ptr<float>(),
                        static_cast<size_t>(parameter.tensor.numel())}});
  }
  return checkpoint::WriteSafetensors(job.output_dir + "/model.safetensors", tensors,
                                      ToStoredType(job.options.weights_type));
}

absl::Status WriteReports(const TrainingJob& job, const RunSummary& summary,
                          const std::vector<MetricsRow>& rows) {
  const std::filesystem::path dir = std::filesystem::weakly_canonical(job.output_dir);
  const std::string card = ModelCard({.name = dir.filename(),
                                      .config = job.config,
                                      .train = job.train_data,
                                      .eval = job.eval_data,
                                      .label_documents = CountLabels(job),
                                      .settings = DescribeSettings(job),
                                      .scores = summary.scores,
                                      .steps = summary.steps,
                                      .best_step = summary.best_step,
                                      .trained_tokens = summary.trained_tokens,
                                      .training_time = summary.training_time});
  absl::Status status = checkpoint::WriteFileAtomically(job.output_dir + "/README.md", card);
  if (!status.ok()) return status;
  return checkpoint::WriteFileAtomically(job.output_dir + "/curves.svg", DrawCurves(rows));
}

}  // namespace diffuser::training
