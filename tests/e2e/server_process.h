#ifndef DIFFUSER_TESTS_E2E_SERVER_PROCESS_H_
#define DIFFUSER_TESTS_E2E_SERVER_PROCESS_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/child_process.h"

namespace diffuser::testing {

// Flags for a golden case, named after it, and for the small checkpoint of the tests, named "text".
std::string GoldenModelFlag(const std::string& golden_case);  // --model=tiny=…/tiny: ids only
std::string TextModelFlag();                                  // has a tokenizer

// The real diffuser-server on the loopback interface.
//
//   auto server = ServerProcess::StartServing({TextModelFlag()});
//   ASSERT_TRUE(server.ok()) << server.status();
//   Wire wire((*server)->address());
//   EXPECT_EQ(*(*server)->Stop(), 0);
//
// Killed when destroyed.
class ServerProcess {
 public:
  // Starts it on free ports (later flags may not name ports: see StartOn) and waits until it
  // listens. Errors: UNAVAILABLE (it ended or said nothing), with its log.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> Start(
      const std::vector<std::string>& flags);

  // The same on given ports of 127.0.0.1; 0 takes a free one.
  static absl::StatusOr<std::unique_ptr<ServerProcess>> StartOn(
      int grpc_port, int metrics_port, const std::vector<std::string>& flags);

  // Start, then AwaitEvent("serving").
  static absl::StatusOr<std::unique_ptr<ServerProcess>> StartServing(
      const std::vector<std::string>& flags);

  // Blocks: until the event stands in the log, and gives the first such line.
  // Errors: UNAVAILABLE (it ended or kPatience is over), with its log.
  absl::StatusOr<nlohmann::json> AwaitEvent(const std::string& event) const;

  const std::string& address() const { return address_; }  // 127.0.0.1:PORT
  int grpc_port() const { return grpc_port_; }
  int metrics_port() const { return metrics_port_; }
  std::string log() const { return process_->output().err; }

  void Signal(int signal) { process_->Signal(signal); }
  // As ChildProcess::Wait.
  absl::StatusOr<int> Wait() { return process_->Wait(); }
  // SIGTERM, then Wait.
  absl::StatusOr<int> Stop();

 private:
  explicit ServerProcess(std::unique_ptr<ChildProcess> process) : process_(std::move(process)) {}

  const std::unique_ptr<ChildProcess> process_;
  std::string address_;
  int grpc_port_ = 0;
  int metrics_port_ = 0;
};

// A server that was run to its end.
struct EndedServer {
  int exit_code = -1;
  ChildProcess::Output output;
};

// Runs diffuser-server with exactly these flags and variables until it ends by itself.
// Errors: DEADLINE_EXCEEDED (it did not), with its output.
absl::StatusOr<EndedServer> RunServer(const std::vector<std::string>& flags,
                                      const std::vector<std::string>& variables = {});

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_E2E_SERVER_PROCESS_H_
