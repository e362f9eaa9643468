#include "server/services/stream_call.h"

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include "tests/server/services/service_fixture.h"

namespace diffuser::services {
namespace {

using grpc::StatusCode;

class ClassifyStreamTest : public ServiceTest {
 protected:
  static v1::ClassifyRequest Text(const std::string& id, const std::string& text) {
    v1::ClassifyRequest request;
    request.mutable_document()->set_id(id);
    request.mutable_document()->set_text(text);
    return request;
  }

  grpc::ClientContext context_;
  v1::ClassifyStreamResponse response_;
};

TEST_F(ClassifyStreamTest, AnswersAllAfterTheCallerHasHalfClosedMatchedById) {
  pipeline_->Hold();
  const auto stream = stub_->ClassifyStream(&context_);
  for (const char* id : {"a", "b", "c"}) ASSERT_TRUE(stream->Write(Text(id, id)));
  ASSERT_TRUE(stream->WritesDone());
  auto held = pipeline_->Take(3);
  for (const int i : {2, 0, 1}) {
    std::move(held[i].second).Answer(AnAnswer());
    ASSERT_TRUE(stream->Read(&response_));
    const std::string text = std::get<std::string>(held[i].first.content);
    EXPECT_EQ(response_.id(), text) << "answers come as they are ready";
    EXPECT_EQ(response_.result().response().id(), text);
  }
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(Completed("ClassifyStream", "ready", "OK"), 3) << "each document is a request";
}

TEST_F(ClassifyStreamTest, EndsAnEmptyStream) {
  const auto stream = stub_->ClassifyStream(&context_);
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ClassifyStreamTest, TakesNoMoreThanItsLimitUntilAnswersAreWritten) {
  pipeline_->Hold();
  const auto stream = stub_->ClassifyStream(&context_);
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) {
      const std::string id = std::to_string(i);
      ASSERT_TRUE(stream->Write(Text(id, id)));
    }
    stream->WritesDone();
  });
  std::set<std::string> ids;
  while (ids.size() < 20) {
    auto held = pipeline_->Take(std::min<size_t>(3, 20 - ids.size()));
    EXPECT_LE(held.size(), 3U) << "the limit";
    for (auto& document : held) std::move(document.second).Answer(AnAnswer());
    for (size_t i = 0; i < held.size(); ++i) {
      ASSERT_TRUE(stream->Read(&response_));
      EXPECT_TRUE(ids.insert(response_.id()).second);
    }
  }
  writer.join();
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ClassifyStreamTest, FailsBadDocumentsAlone) {
  const auto stream = stub_->ClassifyStream(&context_);
  const auto ask = [&](const v1::ClassifyRequest& request) {
    EXPECT_TRUE(stream->Write(request));
    EXPECT_TRUE(stream->Read(&response_));
    return response_.result().error();
  };
  google::rpc::Status error = ask(Text("", "no id"));
  EXPECT_EQ(error.code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(FieldOf(error), "document.id");
  error = ask(Text("empty", ""));
  EXPECT_EQ(FieldOf(error), "document.text");
  EXPECT_EQ(response_.id(), "empty");
  error = ask(Text("utf8", "\xff"));
  EXPECT_EQ(FieldOf(error), "document.text");
  EXPECT_EQ(response_.id(), "utf8");
  v1::ClassifyRequest request = Text("options", "x");
  request.mutable_options()->set_top_k(-1);
  EXPECT_EQ(FieldOf(ask(request)), "options.top_k");
  request = Text("model", "x");
  request.set_model("other");
  EXPECT_EQ(ask(request).code(), StatusCode::NOT_FOUND);
  ask(Text("good", "x"));
  EXPECT_TRUE(response_.result().has_response());
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(Completed("ClassifyStream", "ready", "INVALID_ARGUMENT"), 4);
  EXPECT_EQ(Completed("ClassifyStream", "", "NOT_FOUND"), 1);
}

TEST_F(ClassifyStreamTest, RefusesAnIdThatIsStillUnanswered) {
  pipeline_->Hold();
  const auto stream = stub_->ClassifyStream(&context_);
  ASSERT_TRUE(stream->Write(Text("same", "first")));
  ASSERT_TRUE(stream->Write(Text("same", "second")));
  ASSERT_TRUE(stream->Read(&response_));
  EXPECT_EQ(FieldOf(response_.result().error()), "document.id");
  auto held = pipeline_->Take(1);
  std::move(held[0].second).Answer(AnAnswer());
  ASSERT_TRUE(stream->Read(&response_));
  EXPECT_TRUE(response_.result().has_response());
  pipeline_->Handle([](pipeline::ClassifyTask, Done done) { std::move(done).Answer(AnAnswer()); });
  ASSERT_TRUE(stream->Write(Text("same", "third")));
  ASSERT_TRUE(stream->Read(&response_));
  EXPECT_TRUE(response_.result().has_response()) << "an answered id may be used again";
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ClassifyStreamTest, CancelsItsDocumentsWhenTheCallerGoesAway) {
  pipeline_->Hold();
  const auto stream = stub_->ClassifyStream(&context_);
  ASSERT_TRUE(stream->Write(Text("a", "a")));
  ASSERT_TRUE(stream->Write(Text("b", "b")));
  auto held = pipeline_->Take(2);
  context_.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::CANCELLED);
  Await([&] { return Completed("ClassifyStream", "ready", "CANCELLED") == 2; });
  EXPECT_TRUE(held[0].first.cancellation->IsCancelled());
  for (auto& document : held) std::move(document.second).Answer(AnAnswer());
  EXPECT_EQ(Completed("ClassifyStream", "ready", "OK"), 0);
  Await([&] { return gate_.calls_inside() == 0; });
}

TEST_F(ClassifyStreamTest, EndsIdleStreamsWhenTheServerDrains) {
  const auto stream = stub_->ClassifyStream(&context_);
  ASSERT_TRUE(stream->Write(Text("a", "a")));
  ASSERT_TRUE(stream->Read(&response_));
  std::atomic<bool> idle = false;
  gate_.Close([&] { idle = true; });
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAVAILABLE);
  Await([&] { return idle.load(); });
}

TEST_F(ClassifyStreamTest, AnswersWhatItHasTakenBeforeItDrains) {
  pipeline_->Hold();
  const auto stream = stub_->ClassifyStream(&context_);
  ASSERT_TRUE(stream->Write(Text("a", "a")));
  auto held = pipeline_->Take(1);
  gate_.Close([] {});
  std::move(held[0].second).Answer(AnAnswer());
  ASSERT_TRUE(stream->Read(&response_));
  EXPECT_TRUE(response_.result().has_response());
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(ClassifyStreamTest, RefusesNewStreamsWhileDraining) {
  gate_.Close([] {});
  const auto stream = stub_->ClassifyStream(&context_);
  EXPECT_FALSE(stream->Read(&response_));
  EXPECT_EQ(stream->Finish().error_code(), StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace diffuser::services
