#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/client/classify_many_fixture.h"

namespace diffuser::client {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

TEST_F(ClassifyManyTest, AnswersEveryDocumentOnceOverOneStream) {
  Documents documents(Texts(500));
  EXPECT_TRUE(Run(documents, 16).ok());
  EXPECT_EQ(documents.outcomes.size(), 500u);
  EXPECT_THAT(documents.codes(), Each(kOk));
  EXPECT_EQ(server().request_ids().size(), 1u);
}

TEST_F(ClassifyManyTest, NeverHoldsMoreThanItsWindow) {
  Documents documents(Texts(200));
  EXPECT_TRUE(Run(documents, 7).ok());
  EXPECT_LE(documents.most_held, 7);
  EXPECT_EQ(documents.outcomes.size(), 200u);
}

TEST_F(ClassifyManyTest, FillsItsWindowAndTakesAnswersInAnyOrder) {
  server().on_stream = [](FakeServer::Stream& stream) {
    std::vector<v1::ClassifyRequest> held;
    v1::ClassifyRequest request;
    // With a narrower window this waits for a fourth document for ever.
    while (held.size() < 4 && stream.Read(&request)) held.push_back(request);
    for (auto it = held.rbegin(); it != held.rend(); ++it) AnswerWell(stream, *it);
    while (stream.Read(&request)) AnswerWell(stream, request);
    return grpc::Status::OK;
  };
  Documents documents(Texts(4));
  EXPECT_TRUE(Run(documents, 4).ok());
  EXPECT_THAT(documents.order, ElementsAre(3, 2, 1, 0));
}

TEST_F(ClassifyManyTest, MakesNoCallForNoDocuments) {
  Documents documents({});
  EXPECT_TRUE(Run(documents, 4).ok());
  EXPECT_TRUE(server().request_ids().empty());
}

TEST_F(ClassifyManyTest, GivesADocumentsOwnErrorToItAlone) {
  server().on_stream = [](FakeServer::Stream& stream) {
    v1::ClassifyRequest request;
    while (stream.Read(&request)) {
      if (request.document().text() == "text 1") {
        AnswerBadly(stream, request, grpc::StatusCode::INVALID_ARGUMENT, -absl::Seconds(1));
      } else {
        AnswerWell(stream, request);
      }
    }
    return grpc::Status::OK;
  };
  Documents documents(Texts(3));
  EXPECT_TRUE(Run(documents, 3).ok());
  EXPECT_THAT(documents.codes(), ElementsAre(kOk, absl::StatusCode::kInvalidArgument, kOk));
  EXPECT_EQ(documents.call_failed, 0);
  EXPECT_EQ(documents.outcomes.at(1).message(), "turned away (request id)");
}

TEST_F(ClassifyManyTest, RefusesAnswersToDocumentsThatWereNotSent) {
  for (const std::string id : {"17", "none", ""}) {
    server().on_stream = [id](FakeServer::Stream& stream) {
      v1::ClassifyRequest request;
      stream.Read(&request);
      request.mutable_document()->set_id(id);
      AnswerWell(stream, request);
      while (stream.Read(&request)) {
      }
      return grpc::Status::OK;
    };
    Documents documents(Texts(1));
    EXPECT_TRUE(absl::IsInternal(Run(documents, 1))) << id;
    EXPECT_EQ(documents.call_failed, 1);
  }
}

TEST_F(ClassifyManyTest, RefusesAnAnswerWithoutAnOutcome) {
  server().on_stream = [](FakeServer::Stream& stream) {
    v1::ClassifyRequest request;
    while (stream.Read(&request)) {
      v1::ClassifyStreamResponse answer;
      answer.set_id(request.document().id());
      stream.Write(answer);
    }
    return grpc::Status::OK;
  };
  Documents documents(Texts(1));
  EXPECT_TRUE(Run(documents, 1).ok());
  EXPECT_THAT(documents.codes(), ElementsAre(absl::StatusCode::kInternal));
}

TEST_F(ClassifyManyTest, RefusesAWindowOfNothing) {
  Documents documents(Texts(1));
  EXPECT_TRUE(absl::IsInvalidArgument(Run(documents, 0)));
  EXPECT_EQ(documents.taken, 0);
}

}  // namespace
}  // namespace diffuser::client
