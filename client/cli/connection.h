#ifndef DIFFUSER_CLIENT_CLI_CONNECTION_H_
#define DIFFUSER_CLIENT_CLI_CONNECTION_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/classification_client.h"
#include "client/cli/console.h"

namespace diffuser::cli {

// A subcommand: its flags, and what to do when they have been read. `run` gives the exit code.
struct Command {
  CLI::App* app;
  std::function<int()> run;
};

// The flags that every command has: where the server is and how patiently to call it.
struct ConnectionFlags {
  client::ClientOptions options;
  client::CallOptions call;
  int retries = 3;
  int max_message_mib = 64;

  // REQUIRES: this outlives the parsing. Defaults are what `options` holds now.
  void AddTo(CLI::App& app);

  // Null, after a line on standard error, if the options are out of range; the exit code is kUsage
  // then.
  std::unique_ptr<client::ClassificationClient> Connect(Console& console) const;
};

// A flag that takes a duration such as 500ms, 30s or 1m, above 0; `value` holds its default.
CLI::Option* AddDurationFlag(CLI::App& app, const std::string& name, absl::Duration& value,
                             const std::string& help);

// "UNAVAILABLE: the server is draining".
std::string Describe(const absl::Status& status);

// "UNAVAILABLE", as gRPC names its codes.
std::string CodeName(const absl::Status& status);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_CONNECTION_H_
