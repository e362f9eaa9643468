#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/client/cli/cli_fixture.h"

namespace diffuser::cli {
namespace {

using client::GoodAnswer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST_F(CliTest, MeasuresUnderLoad) {
  AddModel();
  EXPECT_EQ(RunOnServer({"load", "--rate=200", "--duration=1s", "--lengths=16:1,64:1",
                         "--arrivals=uniform", "--json"}),
            kOk)
      << err_;
  const std::vector<nlohmann::json> lines = JsonLines();
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["sent"], 200);
  EXPECT_EQ(lines[0]["answered"], 200);
  EXPECT_EQ(lines[0]["unsent"], 0);
  EXPECT_TRUE(lines[0]["errors"].empty());
  for (const char* field : {"latency_seconds", "added_seconds", "sent_late_seconds"}) {
    EXPECT_TRUE(lines[0][field].contains("p99")) << field;
  }
}

TEST_F(CliTest, PrintsItsMeasurementsForPeople) {
  AddModel();
  EXPECT_EQ(RunOnServer({"load", "--rate=100", "--duration=1s", "--max_documents=5"}), kOk);
  EXPECT_THAT(out_, AllOf(HasSubstr("5 documents sent"), HasSubstr("5 answered, 0 failed"),
                          HasSubstr("documents/s"), HasSubstr("P99"), HasSubstr("latency"),
                          HasSubstr("added"), HasSubstr("sent late")));
}

TEST_F(CliTest, SendsIdsOfTheModelsVocabularyUnderLoad) {
  AddModel();
  server_.models[0].set_vocab_size(12);
  std::atomic<int> wrong = 0;
  server_.on_classify = [&](const v1::ClassifyRequest& request, v1::ClassifyResponse* response) {
    if (request.document().token_ids().ids_size() != 32) ++wrong;
    for (uint32_t id : request.document().token_ids().ids()) wrong += id < 5 || id >= 12;
    *response = GoodAnswer(request);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunOnServer({"load", "--rate=100", "--max_documents=20", "--lengths=32"}), kOk);
  EXPECT_EQ(wrong, 0);
}

TEST_F(CliTest, SendsFilesUnderLoad) {
  std::atomic<int> seen = 0;
  server_.on_classify = [&](const v1::ClassifyRequest& request, v1::ClassifyResponse* response) {
    if (request.document().text() == "first" || request.document().text() == "second") ++seen;
    *response = GoodAnswer(request);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunOnServer({"load", "--max_documents=6", "--rate=100", "--files", File("1", "first"),
                         File("2", "second")}),
            kOk);
  EXPECT_EQ(seen, 6);
}

TEST_F(CliTest, CountsErrorsUnderLoadByCode) {
  AddModel();
  server_.on_classify = [](const v1::ClassifyRequest&, v1::ClassifyResponse*) {
    return client::QueueFull(absl::Seconds(1));
  };
  EXPECT_EQ(RunOnServer({"load", "--max_documents=6", "--rate=100"}), kFailed);
  EXPECT_THAT(out_, HasSubstr("failed: 6 RESOURCE_EXHAUSTED\n"));
}

TEST_F(CliTest, PutsNoLoadOnAModelThatIsNotReady) {
  server_.models.emplace_back().set_state(v1::LOADING);
  EXPECT_EQ(RunOnServer({"load"}), kFailed);
  EXPECT_THAT(err_, HasSubstr("LOADING"));
}

}  // namespace
}  // namespace diffuser::cli
