#include "model/training/checkpoint_output.h"

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/checkpoint_writer.h"
#include "model/checkpoint/config_writer.h"
#include "model/checkpoint/file_writer.h"
#include "model/checkpoint/json_text.h"
#include "model/tokenizer/copy_files.h"
#include "model/training/report/curves.h"
#include "model/training/report/model_card.h"
#include "model/training/settings.h"

namespace diffuser::training {
namespace {

const char* TorchName(WeightsType type) {
  switch (type) {
    case WeightsType::kFloat16:
      return "float16";
    case WeightsType::kBFloat16:
      return "bfloat16";
    case WeightsType::kFloat32:
      break;
  }
  return "float32";
}

absl::Status WriteConfig(const TrainingJob& job) {
  auto base = checkpoint::ParseJsonObject(job.config_json, "config.json");
  if (!base.ok()) return base.status();
  (*base)["torch_dtype"] = TorchName(job.options.weights_type);
  const auto json = checkpoint::ConfigJson(job.config, base->dump());
  if (!json.ok()) return json.status();
  return checkpoint::WriteFileAtomically(job.output_dir + "/config.json", *json);
}

absl::Status WriteWeights(const TrainableParameters& parameters, WeightsType type,
                          const std::string& path) {
  std::vector<checkpoint::NamedTensor> tensors;
  for (const Parameter& parameter : parameters.all()) {
    tensors.push_back(ToNamedTensor(checkpoint::PublishedName(parameter.name), parameter.tensor));
  }
  return checkpoint::WriteSafetensors(path, tensors, type);
}

}  // namespace

absl::Status WriteCheckpoint(const TrainingJob& job, const TrainableParameters& parameters) {
  // What takes room comes first, under a name of its own: a full disk stops it there.
  const std::string weights = job.output_dir + "/model.safetensors";
  const std::string fresh = job.output_dir + "/model.fresh.safetensors";
  absl::Status status = WriteWeights(parameters, job.options.weights_type, fresh);
  if (status.ok()) {
    status = tokenizer::CopyTokenizerFiles(job.tokenizer_path, job.output_dir).status();
  }
  if (status.ok()) status = WriteConfig(job);
  std::error_code error;
  if (status.ok()) {
    std::filesystem::rename(fresh, weights, error);
    if (error) status = absl::InternalError(absl::StrCat(weights, ": ", error.message()));
  } else {
    std::filesystem::remove(fresh, error);
  }
  return status;
}

absl::Status WriteReports(const TrainingJob& job, const RunSummary& summary,
                          const std::vector<MetricsRow>& rows) {
  const std::filesystem::path dir = std::filesystem::weakly_canonical(job.output_dir);
  const std::string card = ModelCard(
      {.name = dir.filename(),
       .config = job.config,
       .train = job.train_data,
       .eval = job.eval_data,
       .label_documents = job.train.label_counts(static_cast<int>(job.config.labels.size())),
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
