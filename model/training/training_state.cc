#include "model/training/training_state.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/checkpoint/checkpoint_writer.h"
#include "model/checkpoint/file_writer.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/mapped_file.h"
#include "model/checkpoint/safetensors.h"
#include "model/training/training_job.h"

namespace diffuser::training {

// Found by the library where the type is declared.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunProgress, step, tokens, seconds, loss_sum, loss_documents,
                                   row_tokens, row_seconds, best_score, best_step,
                                   evaluations_without_gain, settings)

namespace {

using nlohmann::json;

std::string StatePath(const std::string& dir) { return absl::StrCat(dir, "/", kStateFile); }

struct NamedValues {
  std::string name;
  at::Tensor tensor;
};

// All numbers of a state: every parameter, and its two moments.
std::vector<NamedValues> AllValues(const TrainableParameters& parameters,
                                   const Optimizer& optimizer) {
  std::vector<NamedValues> values;
  for (size_t i = 0; i < parameters.all().size(); ++i) {
    const std::string& name = parameters.all()[i].name;
    values.push_back({name, parameters.all()[i].tensor.detach()});
    values.push_back({name + ".first_moment", optimizer.first_moments()[i]});
    values.push_back({name + ".second_moment", optimizer.second_moments()[i]});
  }
  return values;
}

std::string WeightsFile(int64_t step) { return absl::StrCat("state-", step, ".safetensors"); }

absl::Status WriteValues(const std::string& path, const std::vector<NamedValues>& values) {
  std::vector<checkpoint::NamedTensor> tensors;
  for (const NamedValues& value : values) {
    tensors.push_back(ToNamedTensor(value.name, value.tensor));
  }
  return checkpoint::WriteSafetensors(path, tensors, checkpoint::StoredType::kFloat32);
}

// Also those that a killed run was writing.
void RemoveOtherStates(const std::string& dir, const std::string& kept) {
  std::error_code ignored;  // a file too many does no harm
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator entry(dir, ignored); entry != end;
       entry.increment(ignored)) {
    const std::string name = entry->path().filename();
    if (absl::StartsWith(name, "state-") && name != kept) {
      std::filesystem::remove(entry->path(), ignored);
    }
  }
}

absl::Status ReadValues(const std::string& path, std::vector<NamedValues> values) {
  const auto file = checkpoint::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const auto stored = checkpoint::ReadSafetensors(file->bytes(), path);
  if (!stored.ok()) return stored.status();
  for (NamedValues& value : values) {
    const auto found = stored->find(value.name);
    if (found == stored->end() || found->second.dtype != "F32" ||
        found->second.shape != value.tensor.sizes().vec()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": ", value.name, " is missing or of another shape or type"));
    }
    std::memcpy(value.tensor.mutable_data_ptr<float>(), found->second.bytes.data(),
                found->second.bytes.size());
  }
  return absl::OkStatus();
}

absl::Status CheckSettings(const std::string& origin, const std::string& found,
                           const std::string& expected) {
  if (found == expected) return absl::OkStatus();
  const std::vector<std::string> theirs = absl::StrSplit(found, '\n');
  const std::vector<std::string> ours = absl::StrSplit(expected, '\n');
  const auto [their, our] = std::mismatch(theirs.begin(), theirs.end(), ours.begin(), ours.end());
  return absl::FailedPreconditionError(absl::StrCat(
      origin, " is the state of a run with other settings: ", their == theirs.end() ? "" : *their,
      "; expected ", our == ours.end() ? "" : *our));
}

absl::StatusOr<json> ReadJson(const std::string& path) {
  const auto file = checkpoint::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  return checkpoint::ParseJsonObject(checkpoint::AsText(file->bytes()), path);
}

}  // namespace

absl::Status SaveState(const std::string& dir, const RunProgress& progress,
                       const TrainableParameters& parameters, const Optimizer& optimizer) {
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  if (error) return absl::UnavailableError(absl::StrCat(dir, ": ", error.message()));
  const std::string weights = WeightsFile(progress.step);
  if (absl::Status status =
          WriteValues(absl::StrCat(dir, "/", weights), AllValues(parameters, optimizer));
      !status.ok()) {
    return status;
  }
  json state = progress;
  state["weights"] = weights;
  if (absl::Status status = checkpoint::WriteFileAtomically(StatePath(dir), state.dump(2) + "\n");
      !status.ok()) {
    return status;
  }
  RemoveOtherStates(dir, weights);
  return absl::OkStatus();
}

absl::StatusOr<RunProgress> LoadState(const std::string& dir, const std::string& settings,
                                      const TrainableParameters& parameters, Optimizer& optimizer) {
  const std::string path = StatePath(dir);
  const auto state = ReadJson(path);
  if (!state.ok()) return state.status();
  RunProgress progress;
  std::string weights;
  try {
    progress = state->get<RunProgress>();
    weights = state->at("weights").get<std::string>();
  } catch (const json::exception& fault) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", fault.what()));
  }
  if (absl::Status status = CheckSettings(path, progress.settings, settings); !status.ok()) {
    return status;
  }
  if (absl::Status status =
          ReadValues(absl::StrCat(dir, "/", weights), AllValues(parameters, optimizer));
      !status.ok()) {
    return status;
  }
  optimizer.set_steps(progress.step);
  return progress;
}

}  // namespace diffuser::training
