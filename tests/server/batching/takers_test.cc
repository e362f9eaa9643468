// A queue that several threads take from, each for a device with limits of its own.

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/batching/request_queue.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/recording_observer.h"
#include "tests/testing/requests.h"

namespace diffuser::batching {
namespace {

using testing::AnswerAll;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Lengths;
using testing::MakeDocument;
using ::testing::SizeIs;

class TakersTest : public ::testing::Test {
 protected:
  void Admit(const std::vector<int>& lengths) {
    queue_.Admit(MakeDocument(lengths, box_), clock_.Now());
  }
  // Takes and answers until there is nothing to come.
  std::thread StartTaker(const BatchLimits& limits) {
    return std::thread([this, limits] {
      while (queue_.WaitForWork(limits, clock_.AsClock(), retired_)) {
        std::vector<Request> batch = queue_.Take(limits, clock_.Now());
        taken_ += static_cast<int>(batch.size());
        AnswerAll(std::move(batch));
      }
    });
  }

  testing::FakeClock clock_;
  testing::ResultBox box_;
  std::shared_ptr<testing::RecordingObserver> observer_ =
      std::make_shared<testing::RecordingObserver>();
  RequestQueue queue_{QueueLimits{}, observer_};
  std::atomic<bool> retired_ = false;
  std::atomic<int> taken_ = 0;
};

TEST_F(TakersTest, EachRequestIsTakenByOneOfThem) {
  std::vector<std::thread> threads;
  for (const int budget : {5, 10, 20, 40}) {
    threads.push_back(StartTaker({.budget_tokens = budget, .max_documents = 3}));
  }
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 2; ++caller) {
    callers.emplace_back([this] {
      for (int i = 0; i < 500; ++i) Admit({1 + i % 30, 2});
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_TRUE(queue_.WaitUntilEmpty(absl::InfiniteFuture()));
  queue_.Close();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken_, 2000);
  EXPECT_THAT(box_.codes(), SizeIs(2000));
  EXPECT_THAT(box_.codes(), Each(absl::StatusCode::kOk));
  EXPECT_EQ(observer_->record().queue_tokens, 0);
}

// The device of the first to wake may be busy with another model: then another one serves.
TEST_F(TakersTest, AllOfThemAreWokenAndOneGetsTheWork) {
  std::latch awake(3);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      EXPECT_TRUE(queue_.WaitForWork({}, clock_.AsClock(), retired_));
      awake.arrive_and_wait();  // for ever, if one alone were woken
      std::vector<Request> batch = queue_.Take({}, clock_.Now());
      taken_ += static_cast<int>(batch.size());
      AnswerAll(std::move(batch));
    });
  }
  Admit({4});
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken_, 1);
}

TEST_F(TakersTest, OneThatIsRetiredEndsAndTheOthersGoOn) {
  std::atomic<bool> of_a_lost_device = false;
  std::thread lost(
      [&] { EXPECT_FALSE(queue_.WaitForWork({}, clock_.AsClock(), of_a_lost_device)); });
  std::thread healthy = StartTaker({});
  queue_.Retire(of_a_lost_device);
  lost.join();
  Admit({4});
  box_.WaitFor(1);
  queue_.Close();
  healthy.join();
}

TEST_F(TakersTest, ARetiredTakerEndsThoughWorkWaits) {
  Admit({4});
  queue_.Retire(retired_);
  EXPECT_FALSE(queue_.WaitForWork({}, clock_.AsClock(), retired_));
  EXPECT_FALSE(queue_.WaitUntilEmpty(absl::InfinitePast()));
}

TEST_F(TakersTest, ClosingEndsThoseThatWaitForADelayOrForWork) {
  const BatchLimits patient{.max_delay = absl::Hours(1)};
  Admit({4});
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.push_back(StartTaker(patient));
  queue_.Close();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken_, 1);
}

TEST_F(TakersTest, EachFillsItsBatchByItsOwnBudget) {
  for (int i = 0; i < 4; ++i) Admit({4});
  EXPECT_THAT(Lengths(queue_.Take({.budget_tokens = 4}, clock_.Now())), ElementsAre(4));
  EXPECT_THAT(Lengths(queue_.Take({.budget_tokens = 12}, clock_.Now())), ElementsAre(4, 4, 4));
  EXPECT_THAT(queue_.Take({}, clock_.Now()), IsEmpty());
}

// The head is passed over by their batches together, so a device that takes small batches cannot
// hold up a long document by taking many of them.
TEST_F(TakersTest, TheHeadIsPassedOverOnceByAllOfThemTogether) {
  const BatchLimits small{.budget_tokens = 4};
  const BatchLimits large{.budget_tokens = 8};
  Admit({30});
  for (int i = 0; i < 6; ++i) Admit({4});
  EXPECT_THAT(Lengths(queue_.Take(small, clock_.Now())), ElementsAre(4));
  EXPECT_THAT(Lengths(queue_.Take(large, clock_.Now())), ElementsAre(30));
  EXPECT_THAT(Lengths(queue_.Take(large, clock_.Now())), ElementsAre(4, 4));
}

}  // namespace
}  // namespace diffuser::batching
