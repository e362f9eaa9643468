#include "server/services/unary_call.h"

#include <atomic>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "tests/server/services/service_fixture.h"

namespace diffuser::services {
namespace {

using grpc::StatusCode;

class UnaryCallTest : public ServiceTest {
 protected:
  static v1::ClassifyRequest Text(const std::string& text) {
    v1::ClassifyRequest request;
    request.mutable_document()->set_text(text);
    return request;
  }

  grpc::Status Classify(const v1::ClassifyRequest& request) {
    grpc::ClientContext context;
    return stub_->Classify(&context, request, &response_);
  }

  v1::ClassifyResponse response_;
};

TEST_F(UnaryCallTest, KeepsDetailsOfInternalErrorsInTheLog) {
  pipeline_->Handle([](pipeline::ClassifyTask, Done done) {
    std::move(done).Answer(absl::InternalError("tensor secret"));
  });
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "req-7");
  const grpc::Status status = stub_->Classify(&context, Text("x"), &response_);
  EXPECT_EQ(status.error_code(), StatusCode::INTERNAL);
  EXPECT_EQ(status.error_message().find("secret"), std::string::npos);
  EXPECT_NE(status.error_message().find("req-7"), std::string::npos);
  const auto line = nlohmann::json::parse(log_.str());
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["request_id"], "req-7");
  EXPECT_EQ(line["message"], "tensor secret");
}

TEST_F(UnaryCallTest, AnswersInternalWhereThePipelineDropsTheDocument) {
  pipeline_->Handle([](pipeline::ClassifyTask, Done) {});
  EXPECT_EQ(Classify(Text("x")).error_code(), StatusCode::INTERNAL);
}

TEST_F(UnaryCallTest, GivesTheRequestIdBackAndLogsIt) {
  grpc::ClientContext context;
  context.AddMetadata("x-request-id", "abc");
  ASSERT_TRUE(stub_->Classify(&context, Text("x"), &response_).ok());
  EXPECT_EQ(context.GetServerInitialMetadata().find("x-request-id")->second, "abc");
  EXPECT_EQ(context.GetServerTrailingMetadata().find("x-request-id")->second, "abc");
  const auto line = nlohmann::json::parse(log_.str());
  EXPECT_EQ(line["request_id"], "abc");
  EXPECT_EQ(line["method"], "Classify");
  EXPECT_EQ(line["model"], "ready");
  EXPECT_EQ(line["code"], "OK");
  EXPECT_EQ(line["level"], "debug");
}

TEST_F(UnaryCallTest, NeverLogsText) {
  const std::string text = "confidential words";
  ASSERT_TRUE(Classify(Text(text)).ok());
  v1::ClassifyRequest wrong = Text(text);
  wrong.mutable_options()->set_top_k(-1);
  ASSERT_FALSE(Classify(wrong).ok());
  ASSERT_FALSE(Classify(Text(text + "\xff")).ok());
  EXPECT_EQ(log_.str().find("confidential"), std::string::npos);
  EXPECT_NE(log_.str().find("INVALID_ARGUMENT"), std::string::npos);
}

TEST_F(UnaryCallTest, TellsThePipelineOfDeadlineAndCancellation) {
  pipeline_->Hold();
  grpc::ClientContext context;
  const absl::Time deadline = absl::Now() + absl::Hours(1);
  context.set_deadline(absl::ToChronoTime(deadline));
  grpc::Status status;
  std::thread caller([&] { status = stub_->Classify(&context, Text("x"), &response_); });
  auto held = pipeline_->Take(1);
  EXPECT_FALSE(held[0].first.cancellation->IsCancelled());
  EXPECT_LE(held[0].first.deadline, deadline + absl::Minutes(1));
  EXPECT_GE(held[0].first.deadline, deadline - absl::Minutes(1));
  context.TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), StatusCode::CANCELLED);
  Await([&] { return held[0].first.cancellation->IsCancelled(); });
  Await([&] { return Completed("Classify", "ready", "CANCELLED") == 1; });
  // The answer that comes too late goes nowhere.
  std::move(held[0].second).Answer(AnAnswer());
  EXPECT_EQ(Completed("Classify", "ready", "OK"), 0);
}

TEST_F(UnaryCallTest, CountsADeadlineThatPassesAsSuch) {
  pipeline_->Hold();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  const grpc::Status status = stub_->Classify(&context, Text("x"), &response_);
  EXPECT_EQ(status.error_code(), StatusCode::DEADLINE_EXCEEDED);
  Await([&] { return Completed("Classify", "ready", "DEADLINE_EXCEEDED") == 1; });
}

TEST_F(UnaryCallTest, RefusesNewCallsAndFinishesRunningOnesOnceTheGateCloses) {
  pipeline_->Hold();
  grpc::Status running;
  std::thread caller([&] { running = Classify(Text("x")); });
  auto held = pipeline_->Take(1);
  std::atomic<bool> idle = false;
  gate_.Close([&] { idle = true; });
  v1::ClassifyResponse response;
  grpc::ClientContext context;
  const grpc::Status refused = stub_->Classify(&context, Text("y"), &response);
  EXPECT_EQ(refused.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(refused.error_message(), "the server is draining");
  EXPECT_EQ(Rejected("ready", "draining"), 1);
  EXPECT_FALSE(idle);
  std::move(held[0].second).Answer(AnAnswer());
  caller.join();
  EXPECT_TRUE(running.ok());
  Await([&] { return idle.load(); });
}

TEST_F(UnaryCallTest, SurvivesAnswersOfABatchAfterTheCallerWentAway) {
  pipeline_->Hold();
  v1::ClassifyBatchRequest request;
  request.add_documents()->set_text("a");
  request.add_documents()->set_text("b");
  v1::ClassifyBatchResponse response;
  grpc::ClientContext context;
  grpc::Status status;
  std::thread caller([&] { status = stub_->ClassifyBatch(&context, request, &response); });
  auto held = pipeline_->Take(2);
  std::move(held[0].second).Answer(AnAnswer());
  context.TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), StatusCode::CANCELLED);
  Await([&] { return Completed("ClassifyBatch", "ready", "CANCELLED") == 1; });
  EXPECT_TRUE(held[1].first.cancellation->IsCancelled());
  std::move(held[1].second).Answer(AnAnswer());
  EXPECT_EQ(Completed("ClassifyBatch", "ready", "OK"), 0);
}

}  // namespace
}  // namespace diffuser::services
