// The command with a real model: a random one, whose answers mean nothing but are always the same.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/classifier.h"
#include "model/training/cli/commands.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

constexpr char kSmallCheckpoint[] = DIFFUSER_ROOT "/tests/data/checkpoints/golden-long";

class EvalCommandTest : public ::testing::Test {
 protected:
  EvalCommandTest() {
    for (const char* file : {"model.safetensors", "tokenizer.json"}) {
      std::filesystem::copy(std::string(kSmallCheckpoint) + "/" + file, folder_.path(file));
    }
    std::ifstream config(std::string(kSmallCheckpoint) + "/config.json");
    json keys = json::parse(config);
    keys["problem_type"] = "multi_label_classification";
    keys["id2label"] = {{"0", "a"}, {"1", "b"}};
    keys.erase("label2id");
    folder_.Write("config.json", keys.dump());
    std::string lines;
    for (int i = 0; i < 12; ++i) {
      const json labels = i % 2 == 0 ? json{"a"} : json{"a", "b"};
      lines += json{{"text", std::string(1 + 3 * i, 'x') + " and more"}, {"labels", labels}}.dump();
      lines += "\n";
    }
    data_ = folder_.Write("data.jsonl", lines);
  }

  // What the command prints; its Status is in status_.
  std::string Run(std::vector<std::string> flags) {
    CLI::App app;
    AddEvalCommand(app, status_);
    flags.insert(flags.begin(), {"eval", "--model", folder_.path(), "--data", data_});
    std::vector<const char*> argv = {"diffuser-train"};
    for (const std::string& flag : flags) argv.push_back(flag.c_str());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    app.parse(static_cast<int>(argv.size()), argv.data());
    ::testing::internal::GetCapturedStderr();
    return ::testing::internal::GetCapturedStdout();
  }

  TemporaryFolder folder_;
  std::string data_;
  absl::Status status_;
};

TEST_F(EvalCommandTest, StoresThresholdsThatAModelLoadedAnewGoesBy) {
  const json tuned = json::parse(Run({"--tune_thresholds", "--write", "--format", "json"}));
  ASSERT_TRUE(status_.ok()) << status_;
  const auto classifier = model::Classifier::Load(folder_.path(), {});
  ASSERT_TRUE(classifier.ok()) << classifier.status();
  const std::vector<float>& thresholds = (*classifier)->config().label_thresholds;
  EXPECT_EQ(thresholds[0], tuned["labels"]["a"]["threshold"].get<float>());
  EXPECT_EQ(thresholds[1], tuned["labels"]["b"]["threshold"].get<float>());
  json again = json::parse(Run({"--format", "json"}));
  EXPECT_EQ(again["micro"], tuned["micro"]);
  EXPECT_EQ(again["labels"], tuned["labels"]);
}

TEST_F(EvalCommandTest, ComparesTwoPrecisions) {
  const json same = json::parse(Run({"--compare_precision", "float32", "--format", "json"}));
  ASSERT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(same["agreement"]["precision"], "float32");
  EXPECT_EQ(same["agreement"]["same_labels"], 12);
  EXPECT_EQ(same["agreement"]["largest_logit_difference"], 0.0);

  const std::string text = Run({"--precision", "int8", "--compare_precision", "float32"});
  if (absl::IsFailedPrecondition(status_)) GTEST_SKIP() << status_;
  ASSERT_TRUE(status_.ok()) << status_;
  EXPECT_THAT(text, AllOf(HasSubstr("int8 against float32: the same highest label for "),
                          HasSubstr("the same labels for 100.00 %")));
}

TEST_F(EvalCommandTest, HandsOnWhatIsWrongWithTheCheckpoint) {
  std::filesystem::remove(folder_.path("model.safetensors"));
  EXPECT_EQ(Run({}), "");
  EXPECT_FALSE(status_.ok());
}

TEST_F(EvalCommandTest, RefusesFlagsThatDoNotGoTogether) {
  EXPECT_THROW(Run({"--write"}), CLI::ParseError);
  ::testing::internal::GetCapturedStdout();
  ::testing::internal::GetCapturedStderr();
  EXPECT_THROW(Run({"--tune_thresholds", "--threshold", "0.5"}), CLI::ParseError);
  ::testing::internal::GetCapturedStdout();
  ::testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace diffuser::training
