#include "server/batching/batch_loop.h"

#include <algorithm>
#include <future>
#include <memory>
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
using testing::Lengths;
using testing::MakeDocument;
using ::testing::SizeIs;

class BatchLoopTest : public ::testing::Test {
 protected:
  // A loop that notes the lengths of each batch and answers it.
  std::unique_ptr<BatchLoop> MakeLoop() {
    return MakeLoop([this](std::vector<Request> batch, ComputeGate::Pass pass) {
      batches_.push_back(Lengths(batch));
      pass.Leave();
      AnswerAll(std::move(batch));
    });
  }
  std::unique_ptr<BatchLoop> MakeLoop(BatchLoop::Handler handler) {
    return std::make_unique<BatchLoop>(queue_, gate_, clock_.AsClock(), std::move(handler));
  }
  void Admit(const std::vector<int>& lengths) {
    queue_->Admit(MakeDocument(lengths, box_), clock_.Now());
  }

  testing::FakeClock clock_;
  testing::ResultBox box_;
  std::shared_ptr<ComputeGate> gate_ = std::make_shared<ComputeGate>();
  std::shared_ptr<RequestQueue> queue_ =
      std::make_shared<RequestQueue>(QueueLimits{}, BatchLimits{.budget_tokens = 10},
                                     std::make_shared<testing::RecordingObserver>());
  std::vector<std::vector<int>> batches_;
};

TEST_F(BatchLoopTest, AStepTakesOneBatch) {
  auto loop = MakeLoop();
  Admit({4, 6, 5});
  EXPECT_TRUE(loop->Step());
  EXPECT_TRUE(loop->Step());
  EXPECT_FALSE(loop->Step());
  EXPECT_THAT(batches_, ElementsAre(ElementsAre(4, 6), ElementsAre(5)));
}

TEST_F(BatchLoopTest, AStepWithNothingButDeadRequestsHandsOnNothing) {
  auto loop = MakeLoop();
  std::vector<Request> document = MakeDocument({1}, box_);
  document[0].deadline = clock_.Now();
  queue_->Admit(std::move(document), clock_.Now());
  EXPECT_FALSE(loop->Step());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(BatchLoopTest, ComputesOnItsThreadUntilDrained) {
  auto loop = MakeLoop();
  loop->Start();
  for (int i = 0; i < 20; ++i) Admit({3});
  loop->Drain(absl::InfiniteFuture());
  EXPECT_THAT(box_.codes(), SizeIs(20));
  EXPECT_THAT(box_.codes(), Each(absl::StatusCode::kOk));
  Admit({1});
  EXPECT_EQ(box_.codes().back(), absl::StatusCode::kUnavailable);
  loop->Drain(absl::InfiniteFuture());
}

TEST_F(BatchLoopTest, DrainingPastTheDeadlineAnswersTheRest) {
  std::promise<void> computing;
  std::promise<void> go_on;
  auto loop = MakeLoop([&](std::vector<Request> batch, ComputeGate::Pass) {
    computing.set_value();
    go_on.get_future().wait();
    AnswerAll(std::move(batch));
  });
  loop->Start();
  Admit({10});
  computing.get_future().wait();
  Admit({10});
  std::thread drain([&] { loop->Drain(absl::InfinitePast()); });
  box_.WaitFor(1);  // the second, while the first computes
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kUnavailable));
  go_on.set_value();
  drain.join();
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kUnavailable, absl::StatusCode::kOk));
}

TEST_F(BatchLoopTest, DestroyingALoopThatNeverStartedAnswersWhatWaits) {
  auto loop = MakeLoop();
  Admit({1});
  loop.reset();
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kUnavailable));
}

TEST_F(BatchLoopTest, TakesItsBatchOnlyOnceTheGateIsItsOwn) {
  auto loop = MakeLoop();
  ComputeGate::Pass other_model = gate_->Enter();
  Admit({4});
  loop->Start();
  Admit({5});
  other_model.Leave();
  box_.WaitFor(2);
  loop->Drain(absl::InfiniteFuture());
  EXPECT_THAT(batches_, ElementsAre(ElementsAre(4, 5)));
}

TEST(ComputeGate, LetsOneInAtATime) {
  ComputeGate gate;
  int inside = 0;
  int most = 0;
  int turns = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const ComputeGate::Pass pass = gate.Enter();
        most = std::max(most, ++inside);
        ++turns;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  EXPECT_EQ(turns, 800);
}

TEST(ComputeGate, AMovedPassLeavesOnce) {
  ComputeGate gate;
  {
    ComputeGate::Pass first = gate.Enter();
    ComputeGate::Pass second = std::move(first);
    second.Leave();
    second.Leave();
  }
  gate.Enter();
  gate.Enter();
}

}  // namespace
}  // namespace diffuser::batching
