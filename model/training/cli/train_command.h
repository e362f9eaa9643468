#ifndef DIFFUSER_MODEL_TRAINING_CLI_TRAIN_COMMAND_H_
#define DIFFUSER_MODEL_TRAINING_CLI_TRAIN_COMMAND_H_

#include "absl/status/status.h"
#include "model/training/cli/train_flags.h"

namespace diffuser::training {

// Checks everything that can be checked before training, says on std::cout what is going to be
// trained, and trains. Nothing in the output directory is touched before all of it is checked.
// Errors: those of CheckOutputDirectory, ReadTrainInputs, MakeOutputDirectory, CheckDiskSpace,
// RemoveState and Train.
absl::Status RunTraining(const TrainFlags& flags);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_TRAIN_COMMAND_H_
