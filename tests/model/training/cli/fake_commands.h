#ifndef DIFFUSER_TESTS_MODEL_TRAINING_CLI_FAKE_COMMANDS_H_
#define DIFFUSER_TESTS_MODEL_TRAINING_CLI_FAKE_COMMANDS_H_

#include <functional>

#include "absl/status/status.h"
#include "model/training/training_job.h"

namespace diffuser::training {

// What stands in for the trainer, and for the other commands, in the tests of the command line.
// Called by Train; set by each test that gets that far.
std::function<absl::Status(const TrainingJob&)>& FakeTrainer();

// What the fake command `eval` leaves behind.
absl::Status& FakeEvalStatus();

}  // namespace diffuser::training

#endif  // DIFFUSER_TESTS_MODEL_TRAINING_CLI_FAKE_COMMANDS_H_
