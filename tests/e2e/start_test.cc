// What stops a start, and how it is said: one line, and an exit code that tells wrong settings (2)
// from what could not be had (1).

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/server_process.h"
#include "tests/e2e/wire.h"

namespace diffuser::testing {
namespace {

using ::testing::HasSubstr;

const std::vector<std::string>& FreePorts() {
  static const auto& flags =
      *new std::vector<std::string>{"--listen=127.0.0.1:0", "--metrics_listen=127.0.0.1:0"};
  return flags;
}

std::vector<std::string> WithFreePorts(std::vector<std::string> flags) {
  flags.insert(flags.end(), FreePorts().begin(), FreePorts().end());
  return flags;
}

// Runs the server, which must fail with this exit code, and gives the lines of its standard error.
std::vector<std::string> LinesOfFailure(int exit_code, const std::vector<std::string>& flags,
                                        const std::vector<std::string>& variables = {}) {
  const auto ended = RunServer(flags, variables);
  EXPECT_TRUE(ended.ok()) << ended.status();
  if (!ended.ok()) return {};
  EXPECT_EQ(ended->exit_code, exit_code) << ended->output.err;
  EXPECT_EQ(ended->output.out, "");
  return absl::StrSplit(ended->output.err, '\n', absl::SkipEmpty());
}

void ExpectOneLine(const std::vector<std::string>& lines, const std::string& words) {
  ASSERT_EQ(lines.size(), 1u) << ::testing::PrintToString(lines);
  EXPECT_THAT(lines[0], HasSubstr(words));
}

// Of a log's lines, those that tell of a failure: exactly one, with these words.
void ExpectOneError(std::vector<std::string> lines, const std::string& words) {
  std::erase_if(lines, [](const std::string& line) {
    return nlohmann::json::parse(line, nullptr, false).value("level", "error") == "info";
  });
  ExpectOneLine(lines, words);
}

class Folder {
 public:
  Folder() : path_(absl::StrCat(::testing::TempDir(), "/start_test_", getpid())) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(*this / name, std::ios::binary) << text;
    return *this / name;
  }

 private:
  const std::string path_;
};

TEST(Start, FailsWithOneLineOnAPortInUse) {
  const auto server = ServerProcess::StartServing({GoldenModelFlag("tiny")});
  ASSERT_TRUE(server.ok()) << server.status();
  const std::string grpc_address = (*server)->address();
  const std::string metrics_address = absl::StrCat("127.0.0.1:", (*server)->metrics_port());
  ExpectOneLine(LinesOfFailure(1, {GoldenModelFlag("tiny"), "--listen=" + grpc_address,
                                   "--metrics_listen=127.0.0.1:0"}),
                grpc_address);
  ExpectOneLine(LinesOfFailure(1, {GoldenModelFlag("tiny"), "--listen=127.0.0.1:0",
                                   "--metrics_listen=" + metrics_address}),
                metrics_address);
  EXPECT_TRUE(Wire(grpc_address).Classify(IdsRequest("tiny", {0, 7, 2})).ok())
      << "the first server is left alone";
}

TEST(Start, FailsWithOneErrorWithoutACheckpoint) {
  const Folder folder;
  const std::string missing = folder / "nowhere";
  ExpectOneError(LinesOfFailure(1, WithFreePorts({"--model=m=" + missing})), missing);
  ExpectOneError(LinesOfFailure(1, WithFreePorts({"--model=m=" + folder.path()})), "config.json");
}

// Without a driver, or without the library of the kernels; with both there is no device 1000.
TEST(Start, FailsWithOneErrorWithoutTheCudaDevice) {
  ExpectOneError(LinesOfFailure(1, WithFreePorts({GoldenModelFlag("odd"), "--device=cuda:1000"})),
                 "device cuda:1000: no ");
}

TEST(Start, FailsWithOneErrorOnADamagedCheckpoint) {
  const Folder folder;
  const std::string golden = DIFFUSER_GOLDEN "/tiny";
  std::filesystem::copy_file(golden + "/config.json", folder / "config.json");
  const std::string weights = folder / "model.safetensors";
  std::filesystem::copy_file(golden + "/model.safetensors", weights);
  std::filesystem::resize_file(weights, std::filesystem::file_size(weights) - 1);
  const std::vector<std::string> flags = WithFreePorts({"--model=m=" + folder.path()});
  ExpectOneError(LinesOfFailure(1, flags), weights);
  folder.Write("config.json", "{\"vocab_size\": ");
  ExpectOneError(LinesOfFailure(1, flags), folder / "config.json");
}

TEST(Start, FailsOnWrongFlags) {
  const std::string model = GoldenModelFlag("tiny");
  ExpectOneLine(LinesOfFailure(2, {model, "--no_such_flag=1"}), "--no_such_flag");
  ExpectOneLine(LinesOfFailure(2, {model, "--max_batch_tokens=many"}), "--max_batch_tokens=many");
  ExpectOneLine(LinesOfFailure(2, {model, "--listen=8001"}), "--listen=8001");
  ExpectOneLine(LinesOfFailure(2, {model, "--precision=float8"}), "--precision=float8");
  ExpectOneLine(LinesOfFailure(2, {model, "--device=cuda:0,cuda:0"}), "--device=cuda:0,cuda:0");
  ExpectOneLine(LinesOfFailure(2, {model, "--device=gpu"}), "--device=gpu");
  ExpectOneLine(LinesOfFailure(2, {model, "--on_device_failure=wait"}), "--on_device_failure=wait");
  ExpectOneLine(LinesOfFailure(2, {model, model}), "--model=tiny");
  ExpectOneLine(LinesOfFailure(2, {}), "--model");
}

TEST(Start, FailsOnWrongVariablesAndFiles) {
  const Folder folder;
  const std::string model = GoldenModelFlag("tiny");
  ExpectOneLine(LinesOfFailure(2, {model}, {"DIFFUSER_DRAIN_TIMEOUT=soon"}),
                "DIFFUSER_DRAIN_TIMEOUT=soon");
  ExpectOneLine(LinesOfFailure(2, {model, "--config=" + (folder / "absent")}), folder / "absent");
  const std::string unknown = folder.Write("unknown", "listen: \"127.0.0.1:0\"\nspeed: 3\n");
  ExpectOneLine(LinesOfFailure(2, {model, "--config=" + unknown}), unknown + ":2");
  const std::string wrong = folder.Write("wrong", "max_queue_tokens: 0\n");
  ExpectOneLine(LinesOfFailure(2, {model, "--config=" + wrong}), "max_queue_tokens");
}

TEST(Start, TakesAFlagOverAVariableOverAFile) {
  const Folder folder;
  const std::string file = folder.Write("config", R"(
      max_batch_tokens: 1111
      max_queue_tokens: 222222
      max_message_bytes: 3333333
      listen: "127.0.0.1:0"
      metrics_listen: "127.0.0.1:0"
  )");
  const auto process = ChildProcess::Start(
      DIFFUSER_SERVER, {GoldenModelFlag("tiny"), "--config=" + file, "--max_batch_tokens=1001"},
      {"DIFFUSER_MAX_BATCH_TOKENS=1002", "DIFFUSER_MAX_QUEUE_TOKENS=200002"});
  ASSERT_TRUE(process.ok()) << process.status();
  const auto has_line = [](const ChildProcess::Output& output) {
    return output.err.find('\n') != std::string::npos;
  };
  ASSERT_TRUE((*process)->WaitUntil(has_line)) << (*process)->output().err;
  const std::string log = (*process)->output().err;
  const auto event = nlohmann::json::parse(log.substr(0, log.find('\n')));
  EXPECT_EQ(event.value("max_batch_tokens", 0), 1001) << "the flag";
  EXPECT_EQ(event.value("max_queue_tokens", 0), 200002) << "the variable";
  EXPECT_EQ(event.value("max_message_bytes", 0), 3333333) << "the file";
}

TEST(Start, HelpNamesEveryFlag) {
  const auto help = RunServer({"--help"});
  ASSERT_TRUE(help.ok()) << help.status();
  EXPECT_EQ(help->exit_code, 0);
  EXPECT_EQ(help->output.err, "");
  for (const char* flag :
       {"config", "model", "listen", "metrics_listen", "device", "precision", "model_precision",
        "max_batch_tokens", "max_batch_documents", "max_batch_delay", "max_queue_tokens",
        "max_queue_documents", "compute_threads", "tokenizer_threads", "max_message_bytes",
        "max_batch_documents_per_call", "max_stream_documents", "drain_timeout", "log_level",
        "on_device_failure"}) {
    EXPECT_THAT(help->output.out, HasSubstr(absl::StrCat("\n  --", flag, "=")));
  }
  const auto version = RunServer({"--version"});
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ(version->exit_code, 0);
  EXPECT_THAT(version->output.out, HasSubstr("diffuser-server "));
}

}  // namespace
}  // namespace diffuser::testing
