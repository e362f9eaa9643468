#ifndef DIFFUSER_CLIENT_CLI_CLI_H_
#define DIFFUSER_CLIENT_CLI_CLI_H_

#include "client/cli/console.h"

namespace diffuser::cli {

// All of diffuser-client but the process around it: reads the arguments (and, for the server's
// address, the environment variable DIFFUSER_SERVER), runs the command and gives the exit code (see
// ExitCode).
int RunCli(int argc, const char* const* argv, Console& console);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_CLI_H_
