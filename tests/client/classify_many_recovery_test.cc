#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "tests/client/classify_many_fixture.h"

namespace diffuser::client {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

TEST_F(ClassifyManyTest, SendsUnansweredDocumentsAgainWhenTheStreamBreaks) {
  std::atomic<int> streams = 0;
  std::atomic<int> received = 0;
  server().on_stream = [&](FakeServer::Stream& stream) {
    const bool breaks = ++streams == 1;
    v1::ClassifyRequest request;
    for (int i = 0; stream.Read(&request); ++i) {
      ++received;
      if (!breaks || i == 0) AnswerWell(stream, request);
      if (breaks && i == 2) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away");
    }
    return grpc::Status::OK;
  };
  Documents documents(Texts(3));
  EXPECT_TRUE(Run(documents, 3).ok());
  EXPECT_THAT(documents.codes(), ElementsAre(kOk, kOk, kOk));
  EXPECT_EQ(streams, 2);
  EXPECT_EQ(received, 5);
  EXPECT_THAT(environment_->sleeps(), ElementsAre(absl::Milliseconds(100)));
}

TEST_F(ClassifyManyTest, TakesAnEarlyEndOfTheStreamForABreak) {
  std::atomic<int> streams = 0;
  server().on_stream = [&](FakeServer::Stream& stream) {
    ++streams;
    v1::ClassifyRequest request;
    stream.Read(&request);
    AnswerWell(stream, request);
    return grpc::Status::OK;
  };
  Documents documents(Texts(3));
  EXPECT_TRUE(Run(documents, 2).ok());
  EXPECT_THAT(documents.codes(), ElementsAre(kOk, kOk, kOk));
}

TEST_F(ClassifyManyTest, GivesUpAfterStreamsWithoutAnyAnswer) {
  std::atomic<int> streams = 0;
  server().on_stream = [&](FakeServer::Stream&) {
    ++streams;
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "down");
  };
  Documents documents(Texts(100));
  const absl::Status status = Run(documents, 5, {.retry = {.max_attempts = 3}});
  EXPECT_EQ(status, absl::UnavailableError("down (request id)"));
  EXPECT_EQ(streams, 3);
  EXPECT_LE(documents.taken, 5) << "the source must not be drained";
  EXPECT_EQ(static_cast<int>(documents.outcomes.size()), documents.taken);
  EXPECT_EQ(documents.call_failed, documents.taken);
}

TEST_F(ClassifyManyTest, DoesNotRepeatAfterAnErrorThatWillStay) {
  std::atomic<int> streams = 0;
  server().on_stream = [&](FakeServer::Stream& stream) {
    ++streams;
    v1::ClassifyRequest request;
    stream.Read(&request);
    AnswerWell(stream, request);
    return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "no");
  };
  Documents documents(Texts(50));
  EXPECT_TRUE(absl::IsPermissionDenied(Run(documents, 4)));
  EXPECT_EQ(streams, 1);
  EXPECT_EQ(documents.outcomes.at(0).code(), kOk);
  EXPECT_EQ(static_cast<int>(documents.outcomes.size()), documents.taken);
}

TEST_F(ClassifyManyTest, FailsADocumentThatBreaksEveryStreamAndNoOther) {
  server().on_stream = [](FakeServer::Stream& stream) {
    v1::ClassifyRequest request;
    while (stream.Read(&request)) {
      if (request.document().text() == "poison") {
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "crashed");
      }
      AnswerWell(stream, request);
    }
    return grpc::Status::OK;
  };
  std::vector<std::string> texts = Texts(6);
  texts[2] = "poison";
  Documents documents(texts);
  EXPECT_TRUE(Run(documents, 4, {.retry = {.max_attempts = 3}}).ok());
  EXPECT_THAT(documents.codes(),
              ElementsAre(kOk, kOk, absl::StatusCode::kUnavailable, kOk, kOk, kOk));
  EXPECT_EQ(documents.call_failed, 0);
}

TEST_F(ClassifyManyTest, SendsADocumentAgainThatFoundTheQueueFull) {
  std::atomic<int> refusals = 0;
  server().on_stream = [&](FakeServer::Stream& stream) {
    v1::ClassifyRequest request;
    while (stream.Read(&request)) {
      if (request.document().text() == "text 1" && refusals < 2) {
        ++refusals;
        AnswerBadly(stream, request, grpc::StatusCode::RESOURCE_EXHAUSTED, absl::Seconds(2));
      } else {
        AnswerWell(stream, request);
      }
    }
    return grpc::Status::OK;
  };
  Documents documents(Texts(2));
  EXPECT_TRUE(Run(documents, 1, {.retry = {.jitter = 0}}).ok());
  EXPECT_THAT(documents.codes(), ElementsAre(kOk, kOk));
  EXPECT_THAT(environment_->sleeps(), ElementsAre(absl::Seconds(2), absl::Seconds(2)));
}

TEST_F(ClassifyManyTest, DoesNotWaitForAQueueBeyondTheDeadline) {
  server().on_stream = [&](FakeServer::Stream& stream) {
    v1::ClassifyRequest request;
    while (stream.Read(&request)) {
      AnswerBadly(stream, request, grpc::StatusCode::RESOURCE_EXHAUSTED, absl::Seconds(120));
    }
    return grpc::Status::OK;
  };
  Documents documents(Texts(2));
  EXPECT_TRUE(Run(documents, 2, {.deadline = absl::Seconds(60)}).ok());
  EXPECT_THAT(documents.codes(), Each(absl::StatusCode::kResourceExhausted));
  EXPECT_TRUE(environment_->sleeps().empty());
}

TEST_F(ClassifyManyTest, FailsADocumentOverTheSizeLimitAlone) {
  server_ = std::make_unique<FakeServer>(FakeServer::Options{.max_message_bytes = 1000});
  std::vector<std::string> texts = Texts(12);
  texts[3] = texts[8] = std::string(5000, 'x');
  Documents documents(texts);
  EXPECT_TRUE(Run(documents, 6).ok());
  ASSERT_EQ(documents.outcomes.size(), 12u);
  for (const auto& [index, status] : documents.outcomes) {
    EXPECT_EQ(absl::IsResourceExhausted(status), index == 3 || index == 8) << index << status;
    EXPECT_EQ(status.ok(), index != 3 && index != 8) << index << status;
  }
  EXPECT_EQ(documents.call_failed, 0);
}

TEST_F(ClassifyManyTest, EndsWhenNoAnswerComesWithinTheDeadline) {
  server().on_stream = [](FakeServer::Stream& stream) {
    v1::ClassifyRequest request;
    while (stream.Read(&request)) {
    }
    return grpc::Status::OK;
  };
  Documents documents(Texts(10));
  const absl::Status status = Run(documents, 2, {.deadline = absl::Milliseconds(30)});
  EXPECT_EQ(status, absl::DeadlineExceededError("no answer for 30ms (request id)"));
  EXPECT_THAT(documents.codes(), ElementsAre(absl::StatusCode::kDeadlineExceeded,
                                             absl::StatusCode::kDeadlineExceeded));
}

}  // namespace
}  // namespace diffuser::client
