#include "tests/bench/cli.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/training/cli/parse_and_run.h"
#include "tests/bench/base_checkpoint.h"
#include "tests/bench/history.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using training::kFailed;
using training::kOk;
using training::kUsage;

struct Said {
  int code;
  std::string out, err;
};

Said Bench(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "diffuser-bench");
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = RunBenchCli(static_cast<int>(arguments.size()), arguments.data());
  return {code, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
}

class BenchCli : public ::testing::Test {
 protected:
  BenchCli() : model_(folder_.path("model")) {
    model::ModelConfig config;
    config.vocab_size = 50;
    config.hidden_size = 24;
    config.num_layers = 2;
    config.num_heads = 2;
    config.intermediate_size = 40;
    config.max_position_embeddings = 130;
    config.attention_window = 8;
    config.num_rand = 2;
    config.num_glob = 3;
    config.labels = {"no", "yes"};
    EXPECT_TRUE(MakeRandomCheckpoint(model_, config).ok());
  }

  const testing::TemporaryFolder folder_;
  const std::string model_;
};

TEST_F(BenchCli, MeasuresACheckpointAndKeepsTheResults) {
  const std::string json = folder_.path("result.json");
  const std::string history = folder_.path("history.jsonl");
  const std::string drawing = folder_.path("plot.svg");
  const Said said = Bench({"--model", model_.c_str(), "--precision", "float32", "--case",
                           "128,512,mixed", "--repetitions", "2", "--threads", "2", "--no_probes",
                           "--json", json.c_str(), "--history", history.c_str()});
  ASSERT_EQ(said.code, kOk) << said.err;
  EXPECT_THAT(said.err, HasSubstr("512: 1 of 1 documents left out, longer than the model's 128"));
  EXPECT_THAT(said.err, HasSubstr("repetition 2 of 2 done"));
  EXPECT_THAT(said.out, HasSubstr(", float32; floor: the linear layers in float32"));
  EXPECT_THAT(said.out, HasSubstr("random hops"));
  EXPECT_THAT(testing::ReadFile(json), HasSubstr("\"ratio_to_floor\""));

  const auto runs = ReadHistory(history);
  ASSERT_TRUE(runs.ok()) << runs.status();
  ASSERT_THAT(*runs, SizeIs(1));
  ASSERT_THAT((*runs)[0].engines, SizeIs(1));
  const EngineResult& engine = (*runs)[0].engines[0];
  EXPECT_EQ(engine.checkpoint, model_);
  ASSERT_THAT(engine.cases, SizeIs(2));
  EXPECT_EQ(engine.cases[0].tokens, 128);
  EXPECT_THAT(engine.cases[0].engine, SizeIs(2));
  EXPECT_THAT(engine.cases[1].one_by_one, SizeIs(2));
  EXPECT_GT(engine.cases[0].parts.at("scores"), 0);

  ASSERT_EQ(Bench({"plot", "--history", history.c_str(), "--output", drawing.c_str()}).code, kOk);
  EXPECT_THAT(testing::ReadFile(drawing), HasSubstr("<polyline"));
}

TEST_F(BenchCli, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(Bench({"--colour", "red"}).code, kUsage);
  EXPECT_EQ(Bench({"--repetitions", "0"}).code, kUsage);
  EXPECT_EQ(Bench({"plot", "--history", "x"}).code, kUsage);
  EXPECT_THAT(Bench({"--case", "129"}).err, HasSubstr("unknown case '129'; expected 128, 512"));
  EXPECT_THAT(Bench({"--precision", "float8"}).err, HasSubstr("unknown precision 'float8'"));
  EXPECT_THAT(Bench({"--model", model_.c_str(), "--isa", "sse9"}).err,
              HasSubstr("isa 'sse9'; expected native or avx2"));
  EXPECT_THAT(Bench({"--model", "/no/such"}).err, HasSubstr("/no/such/config.json: no such file"));
  EXPECT_THAT(Bench({"--model", model_.c_str(), "--json", "/no/such/file"}).err,
              HasSubstr("/no/such/file: cannot be written"));
}

TEST_F(BenchCli, SaysThatThereIsNoSuchDevice) {
  for (const char* device : {"cuda:99", "gpu"}) {
    const Said said =
        Bench({"--device", device, "--model", model_.c_str(), "--case", "128", "--no_probes"});
    EXPECT_EQ(said.code, kFailed);
    EXPECT_THAT(said.out, Not(HasSubstr("floor")));
    EXPECT_THAT(said.err, StartsWith("diffuser-bench: "));
    EXPECT_EQ(std::count(said.err.begin(), said.err.end(), '\n'), 1) << said.err;
  }
}

TEST_F(BenchCli, DrawsNoHistoryThatHoldsNoRun) {
  const std::string empty = folder_.Write("empty.jsonl", "\n");
  const Said said =
      Bench({"plot", "--history", empty.c_str(), "--output", folder_.path("x.svg").c_str()});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_THAT(said.err, HasSubstr("holds no run"));
}

TEST_F(BenchCli, ProbesABatch) {
  const Said said = Bench({"probe", "--model", model_.c_str(), "--lengths", "7,129"});
  EXPECT_EQ(said.code, kFailed);
  EXPECT_THAT(said.err, HasSubstr("129 tokens; expected 1 to 128 tokens"));
}

}  // namespace
}  // namespace diffuser::bench
