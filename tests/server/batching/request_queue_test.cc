#include "server/batching/request_queue.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/recording_observer.h"
#include "tests/testing/requests.h"

namespace diffuser::batching {
namespace {

using testing::AnswerAll;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Lengths;
using testing::MakeDocument;
using ::testing::Pair;
using ::testing::SizeIs;

class RequestQueueTest : public ::testing::Test {
 protected:
  // `batch`: the limits of whoever takes.
  std::unique_ptr<RequestQueue> MakeQueue(QueueLimits limits = {}, BatchLimits batch = {}) {
    batch_ = batch;
    return std::make_unique<RequestQueue>(limits, observer_);
  }
  void Admit(RequestQueue& queue, const std::vector<int>& lengths) {
    queue.Admit(MakeDocument(lengths, box_), clock_.Now());
  }

  testing::FakeClock clock_;
  BatchLimits batch_;
  std::atomic<bool> retired_ = false;
  std::shared_ptr<testing::RecordingObserver> observer_ =
      std::make_shared<testing::RecordingObserver>();
  testing::ResultBox box_;
};

TEST_F(RequestQueueTest, GivesWhatWasAdmittedInOrder) {
  auto queue = MakeQueue();
  Admit(*queue, {3});
  Admit(*queue, {1, 2});
  std::vector<Request> batch = queue->Take(batch_, clock_.Now());
  EXPECT_THAT(Lengths(batch), ElementsAre(3, 1, 2));
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), IsEmpty());
  AnswerAll(std::move(batch));
  EXPECT_THAT(box_.codes(),
              ElementsAre(absl::StatusCode::kOk, absl::StatusCode::kOk, absl::StatusCode::kOk));
}

TEST_F(RequestQueueTest, RejectsWhenTheTokenBoundIsReached) {
  auto queue = MakeQueue({.max_tokens = 10, .max_documents = 10});
  Admit(*queue, {6});
  Admit(*queue, {5});
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kResourceExhausted));
  Admit(*queue, {4});
  EXPECT_THAT(Lengths(queue->Take(batch_, clock_.Now())), ElementsAre(6, 4));
  EXPECT_THAT(observer_->record().rejected,
              ElementsAre(Pair(metrics::RejectReason::kQueueTokens, 1)));
}

TEST_F(RequestQueueTest, RejectsWhenTheDocumentBoundIsReached) {
  auto queue = MakeQueue({.max_tokens = 100, .max_documents = 2});
  Admit(*queue, {1});
  Admit(*queue, {1, 1});
  EXPECT_THAT(box_.codes(), SizeIs(2));
  EXPECT_THAT(box_.codes(), Each(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), SizeIs(1));
  EXPECT_THAT(observer_->record().rejected,
              ElementsAre(Pair(metrics::RejectReason::kQueueDocuments, 1)));
}

TEST_F(RequestQueueTest, AdmitsAllChunksOfADocumentOrNone) {
  auto queue = MakeQueue({.max_tokens = 10, .max_documents = 10});
  Admit(*queue, {4, 4, 4});
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), IsEmpty());
  EXPECT_THAT(box_.codes(), SizeIs(3));
}

TEST_F(RequestQueueTest, SaysWhenADocumentCanNeverBeQueued) {
  auto queue = MakeQueue({.max_tokens = 10, .max_documents = 10});
  Admit(*queue, {11});
  EXPECT_TRUE(absl::IsInvalidArgument(box_.answer(0).status()));
  EXPECT_THAT(std::string(box_.answer(0).status().message()),
              HasSubstr("document: is 11 tokens; the queue holds at most 10"));
  Admit(*queue, {5});
  Admit(*queue, {6});
  EXPECT_THAT(std::string(box_.answer(1).status().message()), HasSubstr("is full"));
}

TEST_F(RequestQueueTest, TakingMakesRoom) {
  auto queue = MakeQueue({.max_tokens = 10, .max_documents = 1});
  Admit(*queue, {10});
  const std::vector<Request> batch = queue->Take(batch_, clock_.Now());
  Admit(*queue, {10});
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), SizeIs(1));
}

TEST_F(RequestQueueTest, AnswersExpiredRequestsInsteadOfGivingThem) {
  auto queue = MakeQueue();
  std::vector<Request> chunks = MakeDocument({1, 2}, box_);
  for (Request& chunk : chunks) chunk.deadline = clock_.Now() + absl::Seconds(1);
  queue->Admit(std::move(chunks), clock_.Now());
  Admit(*queue, {3});
  clock_.Advance(absl::Seconds(1));
  EXPECT_THAT(Lengths(queue->Take(batch_, clock_.Now())), ElementsAre(3));
  EXPECT_EQ(box_.codes()[0], absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(box_.codes()[1], absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(observer_->record().dropped, ElementsAre(Pair(metrics::DropReason::kExpired, 1)));
}

TEST_F(RequestQueueTest, AnswersCancelledRequestsInsteadOfGivingThem) {
  auto queue = MakeQueue();
  const auto cancellation = std::make_shared<Cancellation>();
  std::vector<Request> document = MakeDocument({2}, box_);
  document[0].cancellation = cancellation;
  queue->Admit(std::move(document), clock_.Now());
  cancellation->Cancel();
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), IsEmpty());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kCancelled));
  EXPECT_THAT(observer_->record().dropped, ElementsAre(Pair(metrics::DropReason::kCancelled, 1)));
  EXPECT_EQ(observer_->record().queue_documents, 0);
}

TEST_F(RequestQueueTest, CountsARequestCancelledAtItsDeadlineAsExpired) {
  auto queue = MakeQueue();
  const auto cancellation = std::make_shared<Cancellation>();
  std::vector<Request> document = MakeDocument({2}, box_);
  document[0].cancellation = cancellation;
  document[0].deadline = clock_.Now() + absl::Seconds(1);
  queue->Admit(std::move(document), clock_.Now());
  clock_.Advance(absl::Seconds(1));
  cancellation->Cancel();
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), IsEmpty());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(observer_->record().dropped, ElementsAre(Pair(metrics::DropReason::kExpired, 1)));
}

TEST_F(RequestQueueTest, AnswersWithoutItsLock) {
  auto queue = MakeQueue({.max_tokens = 10, .max_documents = 10});
  bool answered = false;
  Request request{.ids = {1, 2},
                  .deadline = clock_.Now(),
                  .done = Completion<BatchedResult>([&](absl::StatusOr<BatchedResult>) {
                    answered = true;
                    Admit(*queue, {10});  // would never return if the lock were held
                  })};
  std::vector<Request> document;
  document.push_back(std::move(request));
  queue->Admit(std::move(document), clock_.Now());
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), IsEmpty());
  EXPECT_TRUE(answered);
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), SizeIs(1));
}

TEST_F(RequestQueueTest, RefusesOnceClosedButStillGivesWhatWaits) {
  auto queue = MakeQueue();
  Admit(*queue, {1});
  queue->Close();
  Admit(*queue, {1});
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(queue->WaitForWork(batch_, clock_.AsClock(), retired_));
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), SizeIs(1));
  EXPECT_FALSE(queue->WaitForWork(batch_, clock_.AsClock(), retired_));
  EXPECT_THAT(observer_->record().rejected, ElementsAre(Pair(metrics::RejectReason::kDraining, 1)));
}

TEST_F(RequestQueueTest, AbandoningAnswersAllThatWaits) {
  auto queue = MakeQueue();
  Admit(*queue, {1, 2});
  EXPECT_FALSE(queue->WaitUntilEmpty(absl::InfinitePast()));
  queue->Abandon();
  EXPECT_TRUE(queue->WaitUntilEmpty(absl::InfinitePast()));
  EXPECT_THAT(box_.codes(),
              ElementsAre(absl::StatusCode::kUnavailable, absl::StatusCode::kUnavailable));
}

TEST_F(RequestQueueTest, DestroyingAnswersAllThatWaits) {
  { Admit(*MakeQueue(), {1}); }
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kUnavailable));
}

TEST_F(RequestQueueTest, TellsHowMuchWaitsAndForHowLong) {
  auto queue = MakeQueue({}, {.budget_tokens = 4});
  Admit(*queue, {3});
  Admit(*queue, {4});
  EXPECT_EQ(observer_->record().queue_documents, 2);
  EXPECT_EQ(observer_->record().queue_tokens, 7);
  clock_.Advance(absl::Seconds(2));
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), SizeIs(1));
  EXPECT_EQ(observer_->record().queue_documents, 1);
  EXPECT_EQ(observer_->record().queue_tokens, 4);
  EXPECT_THAT(observer_->record().waited, ElementsAre(absl::Seconds(2)));
}

TEST_F(RequestQueueTest, AlternatesBetweenShortAndOldDocuments) {
  auto queue = MakeQueue({}, {.budget_tokens = 10});
  Admit(*queue, {9});
  Admit(*queue, {8});
  Admit(*queue, {2});
  EXPECT_THAT(Lengths(queue->Take(batch_, clock_.Now())), ElementsAre(8, 2));
  Admit(*queue, {2});
  EXPECT_THAT(Lengths(queue->Take(batch_, clock_.Now())), ElementsAre(9));
}

TEST_F(RequestQueueTest, WakesWhoWaitsForWork) {
  auto queue = MakeQueue();
  std::thread taker([&] {
    EXPECT_TRUE(queue->WaitForWork(batch_, clock_.AsClock(), retired_));
    AnswerAll(queue->Take(batch_, clock_.Now()));
  });
  Admit(*queue, {1});
  box_.WaitFor(1);
  taker.join();
}

TEST_F(RequestQueueTest, WaitsForTheDelayUnlessTheBatchIsFull) {
  auto queue = MakeQueue({}, {.budget_tokens = 10, .max_delay = absl::Hours(1)});
  Admit(*queue, {5});
  EXPECT_THAT(queue->Take(batch_, clock_.Now()), IsEmpty());
  std::thread taker([&] {
    EXPECT_TRUE(queue->WaitForWork(batch_, clock_.AsClock(), retired_));
    AnswerAll(queue->Take(batch_, clock_.Now()));
  });
  Admit(*queue, {5});
  box_.WaitFor(2);
  taker.join();
}

}  // namespace
}  // namespace diffuser::batching
