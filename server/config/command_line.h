#ifndef DIFFUSER_SERVER_CONFIG_COMMAND_LINE_H_
#define DIFFUSER_SERVER_CONFIG_COMMAND_LINE_H_

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "server/config/server_options.h"

namespace diffuser::config {

// Where settings come from.
struct Sources {
  std::vector<std::string> arguments = {};                         // without the program's name
  absl::flat_hash_map<std::string, std::string> environment = {};  // variables of any name
  int cpus = 1;                                                    // that the process may use
};

// What the command line asks for: to print something and leave, or to serve.
struct CommandLine {
  std::string print;      // --help's or --version's text; empty to serve
  ServerOptions options;  // of a server, where `print` is empty
};

// Settles every setting: a flag wins over the environment (an empty variable counts as none), the
// environment over the file that --config (or DIFFUSER_CONFIG) names, the file over the default.
// A repeatable setting is taken whole from the strongest source that has it.
// Errors: INVALID_ARGUMENT, one line that names the flag, variable or file and line, what was found
// and what is expected.
absl::StatusOr<CommandLine> ParseCommandLine(const Sources& sources);

// The same from main's arguments and the process's environment, cgroup and affinity mask.
absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv);

}  // namespace diffuser::config

#endif  // DIFFUSER_SERVER_CONFIG_COMMAND_LINE_H_
