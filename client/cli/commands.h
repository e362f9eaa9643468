#ifndef DIFFUSER_CLIENT_CLI_COMMANDS_H_
#define DIFFUSER_CLIENT_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>

#include "client/cli/connection.h"
#include "client/cli/console.h"

namespace diffuser::cli {

// Each adds its subcommand with its flags to `parent`. `console` must outlive the command's run.
Command AddClassify(CLI::App& parent, Console& console);
Command AddModels(CLI::App& parent, Console& console);
Command AddHealth(CLI::App& parent, Console& console);
Command AddLoad(CLI::App& parent, Console& console);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_COMMANDS_H_
