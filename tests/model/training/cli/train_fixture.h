#ifndef DIFFUSER_TESTS_MODEL_TRAINING_CLI_TRAIN_FIXTURE_H_
#define DIFFUSER_TESTS_MODEL_TRAINING_CLI_TRAIN_FIXTURE_H_

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "model/training/cli/cli.h"
#include "model/training/cli/parse_and_run.h"
#include "tests/model/training/cli/fake_commands.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {

// The small checkpoint that comes with the source: its config reads 4,096 tokens.
inline constexpr char kSmallCheckpoint[] = DIFFUSER_ROOT "/tests/data/checkpoints/golden-long";

struct CliResult {
  int code = 0;
  std::string out;
  std::string err;
};

// Runs diffuser-train with a trainer that only counts its calls.
class TrainCliTest : public ::testing::Test {
 protected:
  TrainCliTest() {
    FakeTrainer() = [this](const TrainingJob&) {
      ++trainings_;
      return absl::OkStatus();
    };
  }
  ~TrainCliTest() override {
    FakeTrainer() = nullptr;
    FakeEvalStatus() = absl::OkStatus();
  }

  static CliResult Run(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv = {"diffuser-train"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    CliResult result;
    result.code = RunTrainCli(static_cast<int>(argv.size()), argv.data());
    result.out = ::testing::internal::GetCapturedStdout();
    result.err = ::testing::internal::GetCapturedStderr();
    return result;
  }

  // The flags of a run that is fine, with some changed; a flag with the value "" is left out.
  std::vector<std::string> Flags(const std::map<std::string, std::string>& changes = {}) {
    const std::string small = kSmallCheckpoint;
    std::map<std::string, std::string> flags = {{"--data", WriteData("train.jsonl")},
                                                {"--eval", WriteData("eval.jsonl")},
                                                {"--config", small + "/config.json"},
                                                {"--tokenizer", small + "/tokenizer.json"},
                                                {"--output", output_}};
    for (const auto& [flag, value] : changes) flags[flag] = value;
    std::vector<std::string> arguments;
    for (const auto& [flag, value] : flags) {
      if (value.empty()) continue;
      arguments.push_back(flag);
      arguments.push_back(value);
    }
    return arguments;
  }

  // Expects that the run ends with `code` and one complaint, and that nothing was trained.
  CliResult Refused(const std::vector<std::string>& arguments, int code) {
    const CliResult result = Run(arguments);
    EXPECT_EQ(result.code, code) << result.err;
    EXPECT_EQ(result.err.rfind("diffuser-train: ", 0), 0u) << result.err;
    EXPECT_EQ(trainings_, 0);
    return result;
  }

  std::string WriteData(const std::string& name) {
    return folder_.Write(name,
                         "{\"text\": \"a fine day\", \"label\": \"good\"}\n"
                         "{\"text\": \"rain\", \"label\": \"bad\"}\n");
  }

  testing::TemporaryFolder folder_;
  const std::string output_ = folder_.path("out");
  int trainings_ = 0;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_TESTS_MODEL_TRAINING_CLI_TRAIN_FIXTURE_H_
