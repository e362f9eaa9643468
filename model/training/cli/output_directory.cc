#include "model/training/cli/output_directory.h"

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/state_dict.h"

namespace diffuser::training {
namespace {

namespace fs = std::filesystem;

bool HasCheckpoint(const fs::path& dir) {
  std::error_code ignored;
  for (const char* name :
       {"config.json", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin"}) {
    if (fs::exists(dir / name, ignored)) return true;
  }
  return false;
}

// What a run that was killed at its first state leaves is none: the file that names the others
// comes last.
bool HasState(const fs::path& dir) {
  std::error_code ignored;
  return fs::exists(dir / kStateFolder / kStateFile, ignored);
}

}  // namespace

absl::StatusOr<bool> CheckOutputDirectory(const std::string& dir, ExistingOutput policy) {
  const bool has_state = HasState(dir);
  const bool has_checkpoint = HasCheckpoint(dir);
  if (policy == ExistingOutput::kRefuse && (has_state || has_checkpoint)) {
    return absl::AlreadyExistsError(
        absl::StrCat(dir, ": holds a ", has_state ? "training run" : "checkpoint",
                     " already; --resume goes on with it, --overwrite replaces it"));
  }
  if (policy == ExistingOutput::kResume && has_checkpoint && !has_state) {
    return absl::FailedPreconditionError(absl::StrCat(
        dir, ": holds a checkpoint but no training run to resume; --overwrite replaces it"));
  }
  return policy == ExistingOutput::kResume && has_state;
}

absl::Status MakeOutputDirectory(const std::string& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat(dir, ": cannot make the folder: ", error.message()));
  }
  if (access(dir.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(dir, ": may not be written to"));
}

absl::Status RemoveState(const std::string& dir) {
  const fs::path folder = fs::path(dir) / kStateFolder;
  std::error_code error;
  fs::remove_all(folder, error);
  if (!error) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat(folder.string(), ": cannot be removed: ", error.message()));
}

int64_t CountParameters(const model::ModelConfig& config) {
  int64_t count = 0;
  for (const checkpoint::ExpectedTensor& tensor : checkpoint::ExpectedTensors(config)) {
    count += std::accumulate(tensor.shape.begin(), tensor.shape.end(), int64_t{1},
                             std::multiplies<int64_t>());
  }
  return count;
}

int64_t BytesNeeded(const model::ModelConfig& config, WeightsType type) {
  constexpr int64_t kStateBytes = 3 * sizeof(float);
  constexpr int64_t kOthers = int64_t{16} << 20;  // tokenizer, metrics, curves, model card
  const int64_t weight_bytes = type == WeightsType::kFloat32 ? 4 : 2;
  return 2 * CountParameters(config) * (weight_bytes + kStateBytes) + kOthers;
}

absl::Status CheckDiskSpace(const std::string& dir, int64_t needed_bytes) {
  std::error_code error;
  const fs::space_info space = fs::space(dir, error);
  if (error || static_cast<int64_t>(space.available) >= needed_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(dir, ": found ", space.available, " bytes free, expected ", needed_bytes,
                   ": for the checkpoint and the resumable state, the last of each and the next"));
}

}  // namespace diffuser::training
