#include "model/training/cli/cli.h"

#include <CLI/CLI.hpp>

#include "model/training/cli/commands.h"
#include "model/training/cli/parse_and_run.h"

namespace diffuser::training {

int RunTrainCli(int argc, const char* const* argv) {
  CLI::App app("Trains Diffuser checkpoints on labelled documents, and evaluates and makes them.",
               "diffuser-train");
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(40);
  absl::Status status;
  AddTrainCommand(app, status);
  AddEvalCommand(app, status);
  AddTokenizerCommand(app, status);
  AddConvertCommand(app, status);
  return ParseAndRun(app, argc, argv, status);
}

}  // namespace diffuser::training
