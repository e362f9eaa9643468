#ifndef DIFFUSER_MODEL_TRAINING_CLI_PARSE_AND_RUN_H_
#define DIFFUSER_MODEL_TRAINING_CLI_PARSE_AND_RUN_H_

#include <CLI/CLI.hpp>

#include "absl/status/status.h"

namespace diffuser::training {

// The exit codes of the project's tools.
enum ExitCode {
  kOk = 0,
  kFailed = 1,  // bad data, no space, a file that cannot be used, a run that failed
  kUsage = 2,   // wrong flags or values
};

// Parses the arguments, for which CLI11 runs the callbacks of `app`; they leave in `status`, which
// is read after them, what became of what they ran. What went wrong is on std::cerr, behind the
// program's name: lines stay lines, what else could steer a terminal becomes a space.
ExitCode ParseAndRun(CLI::App& app, int argc, const char* const* argv, const absl::Status& status);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_PARSE_AND_RUN_H_
