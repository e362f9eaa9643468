#ifndef DIFFUSER_TESTS_CLIENT_CLI_CLI_FIXTURE_H_
#define DIFFUSER_TESTS_CLIENT_CLI_CLI_FIXTURE_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/cli.h"
#include "tests/client/fake_environment.h"
#include "tests/client/fake_server.h"

namespace diffuser::cli {

// Runs the whole program but its process, against a fake server.
class CliTest : public ::testing::Test {
 protected:
  // Runs the program as a shell would; the words are those behind its name.
  int Run(std::vector<std::string> words, const std::string& input = "") {
    std::vector<const char*> argv = {"diffuser-client"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    std::istringstream in(input);
    std::ostringstream out, err;
    Console console{.in = in,
                    .out = out,
                    .err = err,
                    .out_is_terminal = on_terminal_,
                    .err_is_terminal = on_terminal_,
                    .environment = environment_};
    const int code = RunCli(static_cast<int>(argv.size()), argv.data(), console);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  int RunOnServer(std::vector<std::string> words, const std::string& input = "") {
    words.push_back("--server=" + server_.address());
    return Run(std::move(words), input);
  }

  std::string File(const std::string& name, const std::string& content) {
    const std::string path = absl::StrCat(::testing::TempDir(), "/cli-", getpid(), "-", name);
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::vector<nlohmann::json> JsonLines() {
    std::vector<nlohmann::json> lines;
    for (absl::string_view line : absl::StrSplit(out_, '\n', absl::SkipEmpty())) {
      lines.push_back(nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false));
      EXPECT_FALSE(lines.back().is_discarded()) << line;
    }
    return lines;
  }

  // Makes the server answer every document of a stream with `response`, and keeps the last request.
  void AnswerWith(const v1::ClassifyResponse& response) {
    server_.on_stream = [this, response](client::FakeServer::Stream& stream) {
      while (stream.Read(&request_)) {
        v1::ClassifyStreamResponse answer;
        answer.set_id(request_.document().id());
        *answer.mutable_result()->mutable_response() = response;
        stream.Write(answer);
      }
      return grpc::Status::OK;
    };
  }

  void AddModel() {
    v1::Model& model = server_.models.emplace_back();
    model.set_model("news");
    model.set_version("3");
    model.set_state(v1::READY);
    model.set_problem_type(v1::SINGLE_LABEL);
    model.add_labels("a");
    model.add_labels("b");
    model.set_max_tokens(4096);
    model.set_vocab_size(50265);
    model.set_has_tokenizer(true);
    model.set_device("cpu");
    model.set_precision("float32");
    model.mutable_load_time()->set_nanos(250'000'000);
  }

  std::shared_ptr<client::FakeEnvironment> environment_ =
      std::make_shared<client::FakeEnvironment>();
  client::FakeServer server_;
  v1::ClassifyRequest request_;
  bool on_terminal_ = false;
  std::string out_, err_;
};

}  // namespace diffuser::cli

#endif  // DIFFUSER_TESTS_CLIENT_CLI_CLI_FIXTURE_H_
