#include "model/training/cli/train_command.h"

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "model/training/cli/commands.h"
#include "model/training/cli/output_directory.h"
#include "model/training/cli/stop_signals.h"
#include "model/training/cli/train_inputs.h"
#include "model/training/trainer.h"

namespace diffuser::training {
namespace {

std::string DataLine(const DataDescription& data) {
  return absl::StrCat(data.path, " (", data.counts, data.long_documents.empty() ? "" : "; ",
                      data.long_documents, ")");
}

// What is going to be trained, in one paragraph.
std::string Summary(const TrainInputs& inputs, const TrainingJob& job) {
  const bool multi = inputs.config.problem_type == model::ProblemType::kMultiLabel;
  return absl::StrCat(
      job.resume ? "Resumes training of " : "Trains ", CountParameters(inputs.config), " weights, ",
      job.init_dir.empty() ? "random at first" : "from " + job.init_dir, ", on ",
      DataLine(job.train_data), ", and evaluates on ", DataLine(job.eval_data), ". ",
      inputs.config.labels.size(), " labels, ", multi ? "any number of them" : "exactly one",
      " a document; at most ", job.options.epochs, " epochs in batches of ",
      job.options.batch_tokens, " tokens on ", job.options.threads, " threads; seed ",
      job.options.seed, ". The checkpoint goes to ", job.output_dir, ".\n");
}

// A run that is resumed has one of the two checkpoints and states on the disk already.
absl::Status CheckSpace(const TrainInputs& inputs, const std::string& dir, bool resume) {
  const int64_t needed_bytes = BytesNeeded(inputs.config, inputs.options.weights_type);
  return CheckDiskSpace(dir, resume ? needed_bytes / 2 : needed_bytes);
}

}  // namespace

absl::Status RunTraining(const TrainFlags& flags) {
  const ExistingOutput policy = flags.options.existing_output;
  const absl::StatusOr<bool> resume = CheckOutputDirectory(flags.output, policy);
  if (!resume.ok()) return resume.status();
  const absl::StatusOr<TrainInputs> inputs = ReadTrainInputs(flags);
  if (!inputs.ok()) return inputs.status();
  if (absl::Status made = MakeOutputDirectory(flags.output); !made.ok()) return made;
  absl::Status space = CheckSpace(*inputs, flags.output, *resume);
  if (!space.ok()) return space;
  if (!*resume) {
    if (absl::Status removed = RemoveState(flags.output); !removed.ok()) return removed;
  }
  const StopSignals signals;
  const TrainingJob job{.config = inputs->config,
                        .options = inputs->options,
                        .config_json = inputs->config_json,
                        .tokenizer_path = inputs->tokenizer_path,
                        .init_dir = flags.init,
                        .output_dir = flags.output,
                        .train = inputs->train,
                        .eval = inputs->eval,
                        .train_data = inputs->train_data,
                        .eval_data = inputs->eval_data,
                        .resume = *resume,
                        .stop = &signals.stop()};
  std::cout << Summary(*inputs, job) << std::flush;
  return Train(job);
}

void AddTrainCommand(CLI::App& app, absl::Status& status) {
  const auto flags = std::make_shared<TrainFlags>();
  flags->AddTo(app);
  app.callback([&app, &status, flags] {
    if (!app.get_subcommands().empty()) return;
    flags->Finish();
    status = RunTraining(*flags);
  });
}

}  // namespace diffuser::training
