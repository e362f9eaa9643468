#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/client/cli/cli_fixture.h"

namespace diffuser::cli {
namespace {

using client::FakeServer;
using client::GoodAnswer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST_F(CliTest, LeavesTheModelsOwnDefaultsWhereAFlagIsAbsent) {
  AnswerWith(GoodAnswer({}));
  EXPECT_EQ(RunOnServer({"classify", "-"}, "t"), kOk);
  const v1::Options& options = request_.options();
  EXPECT_FALSE(options.has_threshold());
  EXPECT_FALSE(options.has_chunk_overlap());
  EXPECT_EQ(options.long_document(), v1::CHUNK);
  EXPECT_FALSE(options.return_logits());
  EXPECT_FALSE(options.return_evidence());
}

TEST_F(CliTest, TakesTheAddressFromTheEnvironment) {
  setenv("DIFFUSER_SERVER", server_.address().c_str(), 1);
  EXPECT_EQ(Run({"classify", "-"}, "t"), kOk);
  unsetenv("DIFFUSER_SERVER");
}

TEST_F(CliTest, ListsModels) {
  AddModel();
  v1::Model& failed = server_.models.emplace_back();
  failed.set_model("broken");
  failed.set_state(v1::FAILED);
  failed.set_message("no config.json");
  EXPECT_EQ(RunOnServer({"models"}), kOk);
  const std::vector<std::string> lines = absl::StrSplit(out_, '\n');
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[1], AllOf(StartsWith("news "), HasSubstr("READY"), HasSubstr("SINGLE_LABEL"),
                              HasSubstr(" 4096 "), HasSubstr("cpu float32"), HasSubstr("0.25 s")));
  EXPECT_THAT(lines[2],
              AllOf(StartsWith("broken "), HasSubstr("FAILED"), HasSubstr("no config.json")));
  EXPECT_EQ(RunOnServer({"models", "--json"}), kOk);
  const std::vector<nlohmann::json> json = JsonLines();
  ASSERT_THAT(json, SizeIs(2));
  EXPECT_EQ(json[0]["labels"], nlohmann::json({"a", "b"}));
  EXPECT_EQ(json[0]["vocab_size"], 50265);
  EXPECT_EQ(json[1]["message"], "no config.json");
  EXPECT_FALSE(json[1].contains("vocab_size"));
}

TEST_F(CliTest, FailsToListModelsWithoutAServer) {
  EXPECT_EQ(Run({"models", "--server=" + FakeServer::NewAddress()}), kFailed);
  EXPECT_THAT(err_, AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("4 attempts")));
}

TEST_F(CliTest, IsHealthyOnlyWhileServing) {
  EXPECT_EQ(RunOnServer({"health"}), kOk);
  EXPECT_EQ(out_, "SERVING\n");
  server_.SetServing("diffuser.v1.Classification", false);
  EXPECT_EQ(RunOnServer({"health", "--service=diffuser.v1.Classification"}), kFailed);
  EXPECT_EQ(out_, "NOT_SERVING\n");
  EXPECT_EQ(RunOnServer({"health", "--service=no.Such"}), kFailed);
  EXPECT_THAT(err_, HasSubstr("NOT_FOUND"));
}

TEST_F(CliTest, WaitsForHealthAsLongAsAsked) {
  const absl::Time start = environment_->Now();
  EXPECT_EQ(Run({"health", "--wait=3s", "--server=" + FakeServer::NewAddress()}), kFailed);
  EXPECT_EQ(environment_->Now() - start, absl::Seconds(3));
  EXPECT_THAT(err_, HasSubstr("UNAVAILABLE"));
}

TEST_F(CliTest, EndsWithTwoAndOneLineForWrongUse) {
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"bogus"},
                                                       {"classify"},
                                                       {"classify", "-", "--no_such_flag"},
                                                       {"classify", "-", "--long_document=middle"},
                                                       {"classify", "-", "--evidence_unit=word"},
                                                       {"classify", "-", "--top_k=-1"},
                                                       {"classify", "-", "--top_k=many"},
                                                       {"classify", "-", "--color=blue"},
                                                       {"classify", "-", "--window=0"},
                                                       {"classify", "-", "--deadline=0s"},
                                                       {"classify", "-", "--retries=-1"},
                                                       {"classify", "-", "--tls_roots=/no/such"},
                                                       {"classify", "-", "--server="},
                                                       {"health", "--wait=soon"},
                                                       {"load", "--rate=0"},
                                                       {"load", "--lengths=128:x"},
                                                       {"load", "--arrivals=bursts"}};
  for (const std::vector<std::string>& words : wrong) {
    EXPECT_EQ(Run(words), kUsage) << ::testing::PrintToString(words);
    EXPECT_THAT(err_, StartsWith("diffuser-client: "));
    EXPECT_EQ(std::count(err_.begin(), err_.end(), '\n'), 1) << err_;
    EXPECT_EQ(out_, "");
  }
}

TEST_F(CliTest, HelpsWithEveryFlag) {
  EXPECT_EQ(Run({"--help"}), kOk);
  EXPECT_THAT(out_, AllOf(HasSubstr("classify"), HasSubstr("models"), HasSubstr("health"),
                          HasSubstr("load")));
  for (const char* command : {"classify", "models", "health", "load"}) {
    EXPECT_EQ(Run({command, "--help"}), kOk);
    EXPECT_THAT(out_, AllOf(HasSubstr("--server"), HasSubstr("DIFFUSER_SERVER"),
                            HasSubstr("--deadline"), HasSubstr("--retries")));
  }
}

}  // namespace
}  // namespace diffuser::cli
