#include "tests/e2e/server_process.h"

#include <signal.h>

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace diffuser::testing {
namespace {

using nlohmann::json;

// The first line of the log that tells of `event`, if a whole one does.
std::optional<json> FindEvent(absl::string_view log, const std::string& event) {
  for (absl::string_view line : absl::StrSplit(log, '\n')) {
    json parsed = json::parse(line.begin(), line.end(), nullptr, /*allow_exceptions=*/false);
    if (parsed.is_object() && parsed.value("event", "") == event) return parsed;
  }
  return std::nullopt;
}

}  // namespace

std::string GoldenModelFlag(const std::string& golden_case) {
  return absl::StrCat("--model=", golden_case, "=", DIFFUSER_GOLDEN, "/", golden_case);
}

std::string TextModelFlag() { return absl::StrCat("--model=text=", DIFFUSER_CHECKPOINT); }

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::StartOn(
    int grpc_port, int metrics_port, const std::vector<std::string>& flags) {
  std::vector<std::string> all = {absl::StrCat("--listen=127.0.0.1:", grpc_port),
                                  absl::StrCat("--metrics_listen=127.0.0.1:", metrics_port)};
  all.insert(all.end(), flags.begin(), flags.end());
  auto process = ChildProcess::Start(DIFFUSER_SERVER, all);
  if (!process.ok()) return process.status();
  std::unique_ptr<ServerProcess> server(new ServerProcess(*std::move(process)));
  const auto listening = server->AwaitEvent("listening");
  if (!listening.ok()) return listening.status();
  server->grpc_port_ = listening->value("grpc_port", 0);
  server->metrics_port_ = listening->value("metrics_port", 0);
  server->address_ = absl::StrCat("127.0.0.1:", server->grpc_port_);
  return server;
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::Start(
    const std::vector<std::string>& flags) {
  return StartOn(0, 0, flags);
}

absl::StatusOr<std::unique_ptr<ServerProcess>> ServerProcess::StartServing(
    const std::vector<std::string>& flags) {
  auto server = Start(flags);
  if (!server.ok()) return server;
  if (const auto serving = (*server)->AwaitEvent("serving"); !serving.ok()) {
    return serving.status();
  }
  return server;
}

absl::StatusOr<json> ServerProcess::AwaitEvent(const std::string& event) const {
  std::optional<json> found;
  process_->WaitUntil([&](const ChildProcess::Output& output) {
    if (!found.has_value()) found = FindEvent(output.err, event);
    return found.has_value();
  });
  if (found.has_value()) return *std::move(found);
  return absl::UnavailableError(
      absl::StrCat("the server's log has no event \"", event, "\":\n", log()));
}

absl::StatusOr<int> ServerProcess::Stop() {
  Signal(SIGTERM);
  return Wait();
}

absl::StatusOr<EndedServer> RunServer(const std::vector<std::string>& flags,
                                      const std::vector<std::string>& variables) {
  const auto process = ChildProcess::Start(DIFFUSER_SERVER, flags, variables);
  if (!process.ok()) return process.status();
  const absl::StatusOr<int> exit_code = (*process)->Wait();
  if (!exit_code.ok()) return exit_code.status();
  return EndedServer{.exit_code = *exit_code, .output = (*process)->output()};
}

}  // namespace diffuser::testing
