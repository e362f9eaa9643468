// The commands tokenizer and convert, as the program calls them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string>
#include <vector>

#include "model/checkpoint/checkpoint.h"
#include "model/tokenizer/tokenizer.h"
#include "model/training/cli/commands.h"
#include "tests/model/training/convert/convert_fixture.h"

namespace diffuser::training {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

struct Outcome {
  absl::Status status;
  std::string out;
};

// Runs one command; flags that CLI11 refuses are thrown.
Outcome RunTool(std::vector<std::string> arguments) {
  CLI::App app;
  Outcome outcome;
  AddTokenizerCommand(app, outcome.status);
  AddConvertCommand(app, outcome.status);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
  ::testing::internal::CaptureStdout();
  try {
    app.parse(arguments);
  } catch (...) {
    ::testing::internal::GetCapturedStdout();
    throw;
  }
  outcome.out = ::testing::internal::GetCapturedStdout();
  return outcome;
}

TEST(TokenizerCommand, TrainsATokenizerAsItsFlagsSay) {
  const TemporaryFolder folder;
  folder.Write("a.jsonl", "{\"text\": \"Permission is  granted, permission is given\"}\n");
  folder.Write("b.txt", "permission permission");
  const Outcome done = RunTool({"tokenizer", "--data", folder.path("a.jsonl"), "--data",
                                folder.path("b.txt"), "--output", folder.path("tokenizer.json"),
                                "--vocab_size", "270", "--lowercase", "--collapse_spaces"});
  ASSERT_TRUE(done.status.ok()) << done.status;
  EXPECT_THAT(done.out, AllOf(HasSubstr("270 ids"), HasSubstr("2 documents")));
  const auto tokenizer = tokenizer::Tokenizer::Load(folder.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_EQ((*tokenizer)->vocab_size(), 270);
  EXPECT_EQ((*tokenizer)->Encode("PERMISSION   IS")->ids,
            (*tokenizer)->Encode("permission is")->ids);
}

TEST(TokenizerCommand, TellsCaseAndSpacesApartUnlessAsked) {
  const TemporaryFolder folder;
  folder.Write("a.txt", "Permission is  granted");
  ASSERT_TRUE(RunTool({"tokenizer", "--data", folder.path("a.txt"), "--output",
                       folder.path("tokenizer.json"), "--vocab_size", "261"})
                  .status.ok());
  const auto tokenizer = tokenizer::Tokenizer::Load(folder.path());
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status();
  EXPECT_NE((*tokenizer)->Encode("A  B")->ids, (*tokenizer)->Encode("a b")->ids);
}

TEST(TokenizerCommand, RefusesWrongFlags) {
  EXPECT_THROW(RunTool({"tokenizer", "--output", "x"}), CLI::RequiredError);
  EXPECT_THROW(RunTool({"tokenizer", "--data", "a", "--output", "x", "--vocab_size", "many"}),
               CLI::ParseError);
  EXPECT_EQ(RunTool({"tokenizer", "--data", "/absent", "--output", "x"}).status.code(),
            absl::StatusCode::kNotFound);
}

using ConvertCommand = ConvertFixture;

TEST_F(ConvertCommand, ConvertsAsItsFlagsSay) {
  Write();
  const Outcome done = RunTool({"convert", "--from", options_.from, "--output", options_.output,
                                "--attention_window", "6", "--num_rand", "3", "--num_glob", "5",
                                "--max_position_embeddings", "34", "--labels", "x,y"});
  ASSERT_TRUE(done.status.ok()) << done.status;
  EXPECT_THAT(done.out, AllOf(HasSubstr("34, repeated from 20"), HasSubstr("labels: x, y"),
                              HasSubstr("made anew, untrained"),
                              HasSubstr("dropped: classifier.dense.bias")));
  const auto converted = checkpoint::Checkpoint::Open(options_.output);
  ASSERT_TRUE(converted.ok()) << converted.status();
  const model::ModelConfig& config = (*converted)->config();
  EXPECT_EQ(config.attention_window, 6);
  EXPECT_EQ(config.num_rand, 3);
  EXPECT_EQ(config.num_glob, 5);
  EXPECT_EQ(config.max_position_embeddings, 34);
  EXPECT_THAT(config.labels, ElementsAre("x", "y"));
}

TEST_F(ConvertCommand, HasTheGraphOfThePublishedCodeByDefaultAndKeepsTheLabels) {
  Write();
  const Outcome done = RunTool(
      {"convert", "--from", options_.from, "--output", options_.output, "--labels", "keep"});
  ASSERT_TRUE(done.status.ok()) << done.status;
  EXPECT_THAT(done.out, HasSubstr("classification head: kept"));
  const auto converted = checkpoint::Checkpoint::Open(options_.output);
  ASSERT_TRUE(converted.ok()) << converted.status();
  EXPECT_EQ((*converted)->config().attention_window, 64);
  EXPECT_EQ((*converted)->config().num_rand, 64);
  EXPECT_EQ((*converted)->config().num_glob, 64);
  EXPECT_EQ((*converted)->config().max_tokens(), 4096);
  EXPECT_THAT((*converted)->config().labels, ElementsAre("a", "b", "c"));
}

TEST_F(ConvertCommand, OverwritesOnlyWhereAsked) {
  Write();
  const std::vector<std::string> flags = {"convert", "--from", options_.from, "--output",
                                          options_.output};
  ASSERT_TRUE(RunTool(flags).status.ok());
  EXPECT_EQ(RunTool(flags).status.code(), absl::StatusCode::kAlreadyExists);
  std::vector<std::string> overwriting = flags;
  overwriting.push_back("--overwrite");
  EXPECT_TRUE(RunTool(overwriting).status.ok());
}

}  // namespace
}  // namespace diffuser::training
