#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "tests/model/training/cli/train_fixture.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using TrainCommand = TrainCliTest;

TEST_F(TrainCommand, GivesTheTrainerAllThatWasRead) {
  FakeTrainer() = [this](const TrainingJob& job) {
    ++trainings_;
    EXPECT_THAT(job.config.labels, ElementsAre("bad", "good"));
    EXPECT_THAT(job.config.label_thresholds, ElementsAre(0.5f, 0.5f));
    EXPECT_EQ(job.config.problem_type, model::ProblemType::kSingleLabel);
    EXPECT_EQ(job.config.hidden_size, 64);
    EXPECT_EQ(job.options.epochs, 3);
    EXPECT_EQ(job.options.hop_dropout, 0.1);
    EXPECT_EQ(job.options.weights_type, WeightsType::kBFloat16);
    EXPECT_EQ(job.options.initializer, Initializer::kLocalHeads);
    EXPECT_THAT(job.config_json, HasSubstr("\"initializer_range\""));
    EXPECT_EQ(job.init_dir, "");
    EXPECT_EQ(job.output_dir, output_);
    EXPECT_TRUE(std::filesystem::is_directory(output_));
    EXPECT_EQ(job.train.size(), 2);
    EXPECT_THAT(job.train.labels(0), ElementsAre(1));
    EXPECT_EQ(job.eval.size(), 2);
    EXPECT_THAT(job.train_data.counts, HasSubstr("2 documents, "));
    EXPECT_FALSE(job.resume);
    EXPECT_FALSE(*job.stop);
    return absl::OkStatus();
  };
  const CliResult result = Run(Flags({{"--epochs", "3"},
                                      {"--weights_type", "bfloat16"},
                                      {"--initializer", "local_heads"},
                                      {"--hop_dropout", "-1"}}));
  EXPECT_EQ(result.code, kOk) << result.err;
  EXPECT_EQ(trainings_, 1);
  EXPECT_THAT(result.out, HasSubstr("train.jsonl (2 documents, "));
  EXPECT_THAT(result.out, HasSubstr("2 labels, exactly one a document; at most 3 epochs"));
  EXPECT_EQ(result.err, "");
}

TEST_F(TrainCommand, StartsFromACheckpointWithItsConfigTokenizerAndLabels) {
  const std::string data = folder_.Write("ab.jsonl",
                                         "{\"text\": \"x\", \"labels\": [\"class-b\"]}\n"
                                         "{\"text\": \"y\", \"labels\": [\"class-a\"]}\n");
  FakeTrainer() = [this](const TrainingJob& job) {
    ++trainings_;
    EXPECT_EQ(job.init_dir, kSmallCheckpoint);
    EXPECT_EQ(job.tokenizer_path, kSmallCheckpoint);
    EXPECT_EQ(job.config.problem_type, model::ProblemType::kMultiLabel);
    EXPECT_THAT(job.config.labels, ElementsAre("class-a", "class-b"));
    return absl::OkStatus();
  };
  std::map<std::string, std::string> changes = {
      {"--config", ""}, {"--tokenizer", ""}, {"--init", kSmallCheckpoint},
      {"--data", data}, {"--eval", data},    {"--label_smoothing", "0.1"}};
  EXPECT_THAT(Refused(Flags(changes), kFailed).err, HasSubstr("--label_smoothing: found 0.1"));
  changes["--label_smoothing"] = "0";
  const CliResult result = Run(Flags(changes));
  EXPECT_EQ(result.code, kOk) << result.err;
  EXPECT_EQ(trainings_, 1);
}

TEST_F(TrainCommand, TellsTheTrainerToStopOnASignal) {
  FakeTrainer() = [this](const TrainingJob& job) {
    ++trainings_;
    raise(trainings_ == 1 ? SIGINT : SIGTERM);
    EXPECT_TRUE(*job.stop);
    return absl::OkStatus();
  };
  EXPECT_EQ(Run(Flags()).code, kOk);
  EXPECT_EQ(Run(Flags()).code, kOk);
  EXPECT_EQ(trainings_, 2);
}

TEST_F(TrainCommand, FailsWithTheTrainersError) {
  FakeTrainer() = [](const TrainingJob&) { return absl::InternalError("the loss is no number"); };
  const CliResult result = Run(Flags());
  EXPECT_EQ(result.code, kFailed);
  EXPECT_EQ(result.err, "diffuser-train: the loss is no number\n");
}

TEST_F(TrainCommand, RefusesDataThatCannotBeUsed) {
  const std::string bad = folder_.Write("bad.jsonl", "{\"text\": \"a\"}\n");
  EXPECT_THAT(Refused(Flags({{"--data", bad}}), kFailed).err,
              HasSubstr("1 of 1 lines cannot be used:\n  " + bad + ":1: neither"));
  EXPECT_THAT(Refused(Flags({{"--eval", folder_.path("none.jsonl")}}), kFailed).err,
              HasSubstr("none.jsonl: no such file"));
  const std::string one = folder_.Write("one.jsonl", "{\"text\": \"a\", \"label\": \"good\"}\n");
  EXPECT_THAT(Refused(Flags({{"--eval", one}}), kFailed).err,
              HasSubstr("no example in the evaluation set of 1 label: \"bad\""));
  EXPECT_FALSE(std::filesystem::exists(output_));
}

// A data set with one document of 6,000 words between two short ones.
std::string WithLongDocument() {
  std::string words;
  for (int i = 0; i < 6000; ++i) words += "rain ";
  return absl::StrCat("{\"text\": \"a\", \"label\": \"good\"}\n{\"text\": \"", words,
                      "\", \"label\": \"bad\"}\n{\"text\": \"b\", \"label\": \"bad\"}\n");
}

TEST_F(TrainCommand, DealsWithLongDocumentsAsTold) {
  const std::string data = folder_.Write("long.jsonl", WithLongDocument());
  EXPECT_THAT(Refused(Flags({{"--data", data}}), kFailed).err,
              HasSubstr("1 of 3 documents are longer than the 4096 tokens of the config"));
  EXPECT_THAT(Run(Flags({{"--data", data}, {"--long_documents", "head"}})).out,
              HasSubstr("longest 4096; 1 longer than the model reads, cut to their beginning)"));
  EXPECT_THAT(Run(Flags({{"--data", data}, {"--long_documents", "drop"}})).out,
              HasSubstr("(2 documents, "));
  EXPECT_EQ(trainings_, 2);
}

TEST_F(TrainCommand, RefusesToDropALabelsLastDocument) {
  std::string content = WithLongDocument();
  content.resize(content.rfind("{\"text\": \"b\""));
  const std::string data = folder_.Write("long.jsonl", content);
  EXPECT_THAT(Refused(Flags({{"--data", data}, {"--long_documents", "drop"}}), kFailed).err,
              HasSubstr("every document with the label \"bad\" is longer"));
}

TEST_F(TrainCommand, RefusesAConfigOrTokenizerThatDoesNotFit) {
  std::ifstream file(std::string(kSmallCheckpoint) + "/config.json");
  auto config = nlohmann::json::parse(file);
  config["vocab_size"] = 40;
  const std::string small_vocab = folder_.Write("small.json", config.dump());
  EXPECT_THAT(Refused(Flags({{"--config", small_vocab}}), kFailed).err,
              HasSubstr("token ids, expected at most the vocab_size 40 of the config"));
  config["hidden_size"] = 63;
  const std::string odd = folder_.Write("odd.json", config.dump());
  EXPECT_THAT(Refused(Flags({{"--config", odd}}), kFailed).err,
              HasSubstr("odd.json: key \"hidden_size\""));
  EXPECT_THAT(Refused(Flags({{"--tokenizer", folder_.path("tokenizer.json")}}), kFailed).err,
              HasSubstr("tokenizer.json: no such file"));
  EXPECT_THAT(Refused(Flags({{"--tokenizer", small_vocab}}), kFailed).err,
              HasSubstr("expected a file named tokenizer.json"));
}

TEST_F(TrainCommand, RefusesAnOutputThatHoldsACheckpointUnlessToldToReplaceIt) {
  folder_.Write("out/config.json", "{}");
  EXPECT_THAT(Refused(Flags(), kFailed).err,
              HasSubstr("out: holds a checkpoint already; --resume goes on"));
  std::vector<std::string> resume = Flags();
  resume.push_back("--resume");
  EXPECT_THAT(Refused(resume, kFailed).err, HasSubstr("holds a checkpoint but no training run"));
  std::vector<std::string> overwrite = Flags();
  overwrite.push_back("--overwrite");
  folder_.Write("out/training/state.json", "{}");
  EXPECT_EQ(Run(overwrite).code, kOk);
  EXPECT_EQ(trainings_, 1);
  EXPECT_FALSE(std::filesystem::exists(output_ + "/training"));
}

TEST_F(TrainCommand, RefusesADiskThatIsTooSmallAndLeavesTheOutputAsItWas) {
  std::ifstream file(std::string(kSmallCheckpoint) + "/config.json");
  auto config = nlohmann::json::parse(file);
  config["intermediate_size"] = 1 << 20;
  config["hidden_size"] = 1 << 15;
  config["num_hidden_layers"] = 200;
  config["attention_window"] = config["attention_window"][0];
  folder_.Write("out/config.json", "{}");
  folder_.Write("out/training/state.json", "{}");
  std::vector<std::string> overwrite =
      Flags({{"--config", folder_.Write("huge.json", config.dump())}});
  overwrite.push_back("--overwrite");
  EXPECT_THAT(Refused(overwrite, kFailed).err, HasSubstr(" bytes free, expected "));
  EXPECT_TRUE(std::filesystem::exists(output_ + "/training/state.json"));
  EXPECT_EQ(testing::ReadFile(output_ + "/config.json"), "{}");
}

TEST_F(TrainCommand, ResumesWhereThereIsAState) {
  std::vector<bool> resumed;
  FakeTrainer() = [&](const TrainingJob& job) {
    resumed.push_back(job.resume);
    return absl::OkStatus();
  };
  std::vector<std::string> resume = Flags();
  resume.push_back("--resume");
  EXPECT_EQ(Run(resume).code, kOk);
  folder_.Write("out/training/state.json", "{}");
  EXPECT_EQ(Run(Flags()).code, kFailed);
  const CliResult again = Run(resume);
  EXPECT_EQ(again.code, kOk);
  EXPECT_THAT(again.out, HasSubstr("Resumes training of"));
  EXPECT_THAT(resumed, ElementsAre(false, true));
}

TEST_F(TrainCommand, RefusesAnOutputThatIsNoFolder) {
  folder_.Write("out", "a file");
  EXPECT_THAT(Refused(Flags(), kFailed).err, HasSubstr("out: cannot make the folder"));
}

}  // namespace
}  // namespace diffuser::training
