#ifndef DIFFUSER_MODEL_TRAINING_CLI_OUTPUT_DIRECTORY_H_
#define DIFFUSER_MODEL_TRAINING_CLI_OUTPUT_DIRECTORY_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/model_config.h"
#include "model/training/training_job.h"
#include "model/training/training_options.h"

namespace diffuser::training {

// Looks at what is in `dir`, before long work. Returns whether there is a training state to resume.
// Errors: ALREADY_EXISTS (kRefuse, and there is a checkpoint or a state), FAILED_PRECONDITION
// (kResume, and there is a checkpoint without a state).
absl::StatusOr<bool> CheckOutputDirectory(const std::string& dir, ExistingOutput policy);

// Makes `dir` if it is not there.
// Errors: PERMISSION_DENIED or INVALID_ARGUMENT (cannot be made, or written to).
absl::Status MakeOutputDirectory(const std::string& dir);

// Removes the training state in `dir`, if there is one, and what is left of one.
// Errors: PERMISSION_DENIED.
absl::Status RemoveState(const std::string& dir);

// The number of weights of a model.
int64_t CountParameters(const model::ModelConfig& config);

// The most bytes that a run has in its output directory at once: of the checkpoint and of the
// resumable state (weights and both of AdamW's moments in float32) the last good one and the one
// that is being written.
int64_t BytesNeeded(const model::ModelConfig& config, WeightsType type);

// Errors: RESOURCE_EXHAUSTED naming the bytes needed and free in the file system of `dir`.
absl::Status CheckDiskSpace(const std::string& dir, int64_t needed_bytes);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_OUTPUT_DIRECTORY_H_
