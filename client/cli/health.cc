#include "client/health.h"

#include <memory>
#include <string>

#include "client/cli/commands.h"

namespace diffuser::cli {
namespace {

struct HealthFlags {
  ConnectionFlags connection;
  std::string service;
  absl::Duration wait;
};

int RunHealth(const HealthFlags& flags, Console& console) {
  const auto client = flags.connection.Connect(console);
  if (client == nullptr) return kUsage;
  const auto status = client::WaitUntilServing(*console.environment, flags.wait, [&] {
    return client->CheckHealth(flags.service, flags.connection.call);
  });
  if (!status.ok()) {
    Complain(console, Describe(status.status()));
    return kFailed;
  }
  console.out << client::ServingStatusName(*status) << std::endl;
  return *status == client::ServingStatus::kServing ? kOk : kFailed;
}

}  // namespace

Command AddHealth(CLI::App& parent, Console& console) {
  const auto flags = std::make_shared<HealthFlags>();
  flags->connection.options.deadline = absl::Seconds(5);
  CLI::App* app = parent.add_subcommand(
      "health", "Ask whether the server is serving; exit code 0 only if it is");
  app->add_option("--service", flags->service,
                  "Full name of a service, as diffuser.v1.Classification; the server as a whole "
                  "without it")
      ->type_name("NAME");
  AddDurationFlag(*app, "--wait", flags->wait,
                  "Ask again until it is serving, for at most this long");
  flags->connection.AddTo(*app);
  return {app, [flags, &console] { return RunHealth(*flags, console); }};
}

}  // namespace diffuser::cli
