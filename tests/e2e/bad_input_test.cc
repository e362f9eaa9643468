// Everything that a caller can get wrong: the code and the field that each mistake is answered
// with, as classification.proto promises them.

#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/unknown_field_set.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "client/retry.h"
#include "client/rpc_status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/server_process.h"
#include "tests/e2e/wire.h"

namespace diffuser::testing {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

constexpr int kMaxMessageBytes = 100'000;

class BadInputTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto server = ServerProcess::StartServing(
        {TextModelFlag(), GoldenModelFlag("tiny"), "--max_batch_documents_per_call=8",
         absl::StrCat("--max_message_bytes=", kMaxMessageBytes)});
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(*server).release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(server_, nullptr); }

  Wire MakeWire() const { return Wire(server_->address()); }

  // Asks with one mistake made in an otherwise good request, alone and in a stream, and gives the
  // error, which must be the same both ways.
  absl::Status ErrorOf(v1::ClassifyRequest request) const {
    const Wire wire = MakeWire();
    const absl::Status alone = wire.Classify(request).status();
    request.mutable_document()->set_id("a");
    const StreamAnswers answers = wire.ClassifyStream({request});
    EXPECT_TRUE(answers.status.ok()) << answers.status;
    EXPECT_EQ(answers.by_id.size(), 1u);
    if (answers.by_id.empty()) return alone;
    EXPECT_EQ(client::FromRpcStatus(answers.by_id.begin()->second.error()), alone);
    return alone;
  }

  void ExpectInvalid(const v1::ClassifyRequest& request, const std::string& field,
                     const std::string& problem) const {
    const absl::Status status = ErrorOf(request);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    EXPECT_EQ(FieldOf(status), field) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(problem));
  }

  static ServerProcess* server_;
};
ServerProcess* BadInputTest::server_ = nullptr;

TEST_F(BadInputTest, UnknownModelsAndVersionsAreNotFound) {
  v1::ClassifyRequest request = TextRequest("nobody", "Some words.");
  EXPECT_EQ(ErrorOf(request).code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(ErrorOf(request).message()), HasSubstr("nobody"));
  request = TextRequest("text", "Some words.");
  request.set_version("7");
  EXPECT_EQ(ErrorOf(request).code(), StatusCode::kNotFound);
  EXPECT_EQ(MakeWire().GetModel("nobody").status().code(), StatusCode::kNotFound);
}

TEST_F(BadInputTest, DocumentsWithoutContentAreInvalid) {
  v1::ClassifyRequest request;
  ExpectInvalid(request, "document", "must have either text or token_ids");
  request.mutable_document()->set_text("");
  ExpectInvalid(request, "document.text", "must not be empty");
  request.mutable_document()->mutable_token_ids();
  ExpectInvalid(request, "document.token_ids", "must not be empty");
}

TEST_F(BadInputTest, DocumentsWithTextAndIdsAreInvalid) {
  v1::ClassifyRequest request = TextRequest("text", "Some words.");
  v1::TokenIds ids;
  ids.add_ids(7);
  // Generated code keeps to one field of a oneof; a field that it does not know goes beside it.
  v1::Document& document = *request.mutable_document();
  document.GetReflection()->MutableUnknownFields(&document)->AddLengthDelimited(
      v1::Document::kTokenIdsFieldNumber, ids.SerializeAsString());
  ExpectInvalid(request, "document", "has both text and token_ids");
}

TEST_F(BadInputTest, IdsThatTheModelDoesNotReadAreInvalid) {
  ExpectInvalid(IdsRequest("tiny", {5, 6, 600}), "document.token_ids.ids[2]",
                "600 is outside the vocabulary of 600");
  ExpectInvalid(IdsRequest("tiny", {-1}), "document.token_ids.ids[0]",
                "4294967295 is outside the vocabulary");
  ExpectInvalid(IdsRequest("tiny", {0, 1, 2}), "document.token_ids.ids[1]", "1 is the padding id");
}

TEST_F(BadInputTest, TextForAModelWithoutTokenizerIsInvalid) {
  ExpectInvalid(TextRequest("tiny", "Some words."), "document.text", "has no tokenizer");
}

TEST_F(BadInputTest, TextThatSpellsThePaddingTokenIsInvalidAndSaysWhere) {
  ExpectInvalid(TextRequest("text", "Fill it with <pad> please."), "document.text",
                "of bytes 13 to 18: 1 is the padding id");
}

TEST_F(BadInputTest, TextThatIsNotUtf8IsInvalid) {
  const google::protobuf::LogSilencer sending_it_is_meant;
  ExpectInvalid(TextRequest("text", "caf\xe9"), "document.text", "is not UTF-8");
  v1::ClassifyRequest request = TextRequest("te\xffxt", "Some words.");
  ExpectInvalid(request, "model", "is not UTF-8");
}

TEST_F(BadInputTest, TextThatIsNotUtf8FailsAloneInABatch) {
  const google::protobuf::LogSilencer sending_it_is_meant;
  const auto batch = MakeWire().ClassifyBatch(BatchOf(
      {TextRequest("text", "One."), TextRequest("text", "\xc3"), TextRequest("text", "Two.")}));
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_EQ(batch->results_size(), 3);
  EXPECT_TRUE(batch->results(0).has_response());
  EXPECT_TRUE(batch->results(2).has_response());
  const absl::Status status = client::FromRpcStatus(batch->results(1).error());
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), "documents[1].text");
}

TEST_F(BadInputTest, NumbersOutOfRangeAreInvalid) {
  v1::ClassifyRequest request = TextRequest("text", "Some words.");
  request.mutable_options()->set_top_k(-1);
  ExpectInvalid(request, "options.top_k", "is -1");
  request.mutable_options()->Clear();
  for (const float number :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    request.mutable_options()->set_threshold(number);
    ExpectInvalid(request, "options.threshold", "must be a finite number");
  }
  request.mutable_options()->Clear();
  request.mutable_options()->set_max_evidence(-3);
  ExpectInvalid(request, "options.max_evidence", "is -3");
  request.mutable_options()->Clear();
  request.mutable_options()->set_chunk_overlap(2048);
  ExpectInvalid(request, "options.chunk_overlap", "must be below half");
  request.mutable_options()->Clear();
  request.mutable_options()->set_long_document(static_cast<v1::LongDocument>(77));
  ExpectInvalid(request, "options.long_document", "has no value 77");
}

TEST_F(BadInputTest, IdsOfDocumentsAreChecked) {
  v1::ClassifyRequest request = TextRequest("text", "Some words.");
  request.mutable_document()->set_id(std::string(257, 'i'));
  const absl::Status status = MakeWire().Classify(request).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), "document.id");
  request.mutable_document()->clear_id();
  const StreamAnswers answers = MakeWire().ClassifyStream({request});
  ASSERT_EQ(answers.by_id.size(), 1u);
  EXPECT_EQ(FieldOf(client::FromRpcStatus(answers.by_id.begin()->second.error())), "document.id");
}

TEST_F(BadInputTest, TooFewOrTooManyDocumentsInABatchAreInvalid) {
  const Wire wire = MakeWire();
  absl::Status status = wire.ClassifyBatch(v1::ClassifyBatchRequest()).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), "documents");
  std::vector<v1::ClassifyRequest> requests(8, IdsRequest("tiny", {0, 7, 2}));
  EXPECT_TRUE(wire.ClassifyBatch(BatchOf(requests)).ok());
  requests.push_back(requests.back());
  status = wire.ClassifyBatch(BatchOf(requests)).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(FieldOf(status), "documents");
  EXPECT_THAT(std::string(status.message()), HasSubstr("are 9, must be at most 8"));
}

TEST_F(BadInputTest, OverlongMessagesAreRefusedForGood) {
  const Wire wire = MakeWire();
  const absl::Status status =
      wire.Classify(TextRequest("text", std::string(kMaxMessageBytes + 1, 'x'))).status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
  EXPECT_FALSE(client::RetryInfoDelay(status).has_value()) << "it would be refused again";
  EXPECT_TRUE(wire.Classify(TextRequest("text", "Some words.")).ok());
}

TEST(BadInput, DocumentsOverAFullQueueAreToldWhenToRetry) {
  const auto server = ServerProcess::StartServing(
      {GoldenModelFlag("long"), "--max_batch_tokens=4096", "--max_queue_tokens=8192"});
  ASSERT_TRUE(server.ok()) << server.status();
  const Wire wire((*server)->address());
  const v1::ClassifyRequest request = IdsRequest("long", RandomIds(4096, 500, 1));
  const auto batch = wire.ClassifyBatch(BatchOf(std::vector<v1::ClassifyRequest>(64, request)));
  ASSERT_TRUE(batch.ok()) << batch.status();
  int answered = 0;
  for (const v1::ClassifyResult& result : batch->results()) {
    if (result.has_response()) {
      ++answered;
      continue;
    }
    const absl::Status status = client::FromRpcStatus(result.error());
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << status;
    EXPECT_TRUE(client::RetryInfoDelay(status).has_value()) << status;
  }
  EXPECT_GE(answered, 2) << "the queue has room for two";
  EXPECT_LT(answered, 64);
  EXPECT_TRUE(wire.Classify(request).ok()) << "the queue is empty again";
}

TEST(BadInput, DocumentsThatNoQueueCouldHoldAreRefusedForGood) {
  const auto server = ServerProcess::StartServing(
      {GoldenModelFlag("tiny"), "--max_batch_tokens=512", "--max_queue_tokens=1024"});
  ASSERT_TRUE(server.ok()) << server.status();
  const absl::Status status =
      Wire((*server)->address()).Classify(IdsRequest("tiny", RandomIds(5000, 600, 1))).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
  EXPECT_FALSE(client::RetryInfoDelay(status).has_value()) << status;
}

}  // namespace
}  // namespace diffuser::testing
