#ifndef DIFFUSER_MODEL_TRAINING_CLI_COMMANDS_H_
#define DIFFUSER_MODEL_TRAINING_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "absl/status/status.h"

// The commands of diffuser-train. Each Add function adds flags and a callback; the callback of the
// command that was called runs it, to the end, while the arguments are being parsed, and leaves
// what came of it in `status`, which must outlive the parsing. A command writes to std::cout and
// std::cerr; its Status is printed by RunTrainCli. Wrong flags are CLI::ParseErrors.
namespace diffuser::training {

// Training itself: its flags stand on the program, without a command's name before them.
void AddTrainCommand(CLI::App& app, absl::Status& status);

// Each adds its subcommand: eval, tokenizer, convert.
void AddEvalCommand(CLI::App& app, absl::Status& status);
void AddTokenizerCommand(CLI::App& app, absl::Status& status);
void AddConvertCommand(CLI::App& app, absl::Status& status);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_COMMANDS_H_
