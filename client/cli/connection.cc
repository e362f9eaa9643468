#include "client/cli/connection.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/text.h"

namespace diffuser::cli {

void ConnectionFlags::AddTo(CLI::App& app) {
  app.add_option("--server", options.address, "HOST:PORT of the server")
      ->envname("DIFFUSER_SERVER")
      ->capture_default_str()
      ->group("Connection");
  AddDurationFlag(app, "--deadline", options.deadline,
                  "Give a call up after this long, its retries included; for many documents: after "
                  "this long without an answer")
      ->group("Connection");
  app.add_option("--retries", retries,
                 "Further attempts where the server is unavailable or its queue is full")
      ->check(CLI::Range(0, 100))
      ->capture_default_str()
      ->group("Connection");
  app.add_flag("--wait_for_ready", options.wait_for_ready,
               "Wait for the server to come up, as long as the deadline allows")
      ->group("Connection");
  app.add_option("--tls_roots", options.tls_roots_file,
                 "PEM file of the certificates to trust; without it, no TLS")
      ->check(CLI::ExistingFile)
      ->type_name("FILE")
      ->group("Connection");
  app.add_option("--request_id", call.request_id,
                 "Sent as x-request-id, to be found in the server's log; random without it")
      ->type_name("ID")
      ->group("Connection");
  app.add_option("--max_message_mib", max_message_mib, "The longest message sent or taken, in MiB")
      ->check(CLI::Range(1, 2047))
      ->capture_default_str()
      ->group("Connection");
}

std::unique_ptr<client::ClassificationClient> ConnectionFlags::Connect(Console& console) const {
  client::ClientOptions resolved = options;
  resolved.retry.max_attempts = retries + 1;
  resolved.max_message_bytes = max_message_mib << 20;
  resolved.environment = console.environment;
  auto client = client::ClassificationClient::Create(std::move(resolved));
  if (client.ok()) return *std::move(client);
  Complain(console, Describe(client.status()));
  return nullptr;
}

CLI::Option* AddDurationFlag(CLI::App& app, const std::string& name, absl::Duration& value,
                             const std::string& help) {
  return app
      .add_option_function<std::string>(
          name, [&value](const std::string& text) { absl::ParseDuration(text, &value); }, help)
      ->check([](const std::string& text) {
        absl::Duration parsed;
        const bool good = absl::ParseDuration(text, &parsed) && parsed > absl::ZeroDuration() &&
                          parsed < absl::InfiniteDuration();
        return good ? std::string()
                    : absl::StrCat("\"", text, "\" is no duration such as 500ms, 30s or 1m");
      })
      ->type_name("DURATION")
      ->default_str(absl::FormatDuration(value));
}

std::string CodeName(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

std::string Describe(const absl::Status& status) {
  return absl::StrCat(CodeName(status), ": ", Printable(status.message()));
}

}  // namespace diffuser::cli
