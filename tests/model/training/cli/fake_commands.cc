#include "tests/model/training/cli/fake_commands.h"

#include "model/training/cli/commands.h"
#include "model/training/trainer.h"

namespace diffuser::training {

std::function<absl::Status(const TrainingJob&)>& FakeTrainer() {
  static std::function<absl::Status(const TrainingJob&)> trainer;
  return trainer;
}

absl::Status& FakeEvalStatus() {
  static absl::Status status;
  return status;
}

absl::Status Train(const TrainingJob& job) {
  if (FakeTrainer()) return FakeTrainer()(job);
  return absl::InternalError("no test wanted training to start");
}

void AddEvalCommand(CLI::App& app, absl::Status& status) {
  CLI::App* command = app.add_subcommand("eval", "Stands for the command");
  command->callback([&status] { status = FakeEvalStatus(); });
}

void AddTokenizerCommand(CLI::App&, absl::Status&) {}
void AddConvertCommand(CLI::App&, absl::Status&) {}

}  // namespace diffuser::training
