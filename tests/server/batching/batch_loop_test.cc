#include "server/batching/batch_loop.h"

#include <atomic>
#include <latch>
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
using ::testing::IsEmpty;
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
  std::unique_ptr<BatchLoop> MakeLoop(BatchLoop::Handler handler, int permits = 1) {
    gate_ = std::make_shared<ComputeGate>(permits);
    return std::make_unique<BatchLoop>(queue_, gate_, BatchLimits{.budget_tokens = 10},
                                       clock_.AsClock(), std::move(handler));
  }
  void Admit(const std::vector<int>& lengths) {
    queue_->Admit(MakeDocument(lengths, box_), clock_.Now());
  }

  testing::FakeClock clock_;
  testing::ResultBox box_;
  std::shared_ptr<ComputeGate> gate_;
  std::shared_ptr<RequestQueue> queue_ =
      std::make_shared<RequestQueue>(QueueLimits{}, std::make_shared<testing::RecordingObserver>());
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

TEST_F(BatchLoopTest, ComputesUntilTheQueueIsClosedAndEmpty) {
  auto loop = MakeLoop();
  loop->Start(1);
  for (int i = 0; i < 20; ++i) Admit({3});
  queue_->Close();
  loop->Join();
  EXPECT_THAT(box_.codes(), SizeIs(20));
  EXPECT_THAT(box_.codes(), Each(absl::StatusCode::kOk));
  loop->Join();
}

TEST_F(BatchLoopTest, ComputesAsManyBatchesAtOnceAsItHasThreads) {
  std::latch all_compute(3);
  auto loop = MakeLoop(
      [&](std::vector<Request> batch, ComputeGate::Pass) {
        all_compute.arrive_and_wait();  // for ever, if the batches came one after the other
        AnswerAll(std::move(batch));
      },
      3);
  loop->Start(3);
  for (int i = 0; i < 3; ++i) Admit({10});
  box_.WaitFor(3);
  EXPECT_THAT(box_.codes(), Each(absl::StatusCode::kOk));
}

TEST_F(BatchLoopTest, TakesNothingOnceRetired) {
  auto loop = MakeLoop();
  loop->Retire();
  Admit({4});
  EXPECT_TRUE(loop->is_retired());
  EXPECT_FALSE(loop->Step());
  loop->Start(2);
  loop->Join();
  EXPECT_FALSE(queue_->WaitUntilEmpty(absl::InfinitePast()));
}

TEST_F(BatchLoopTest, EndsItsIdleThreadsWhenRetired) {
  auto loop = MakeLoop();
  loop->Start(2);
  loop->Retire();
  loop->Join();
  EXPECT_THAT(batches_, IsEmpty());
}

TEST_F(BatchLoopTest, ARetiredLoopThatWaitsAtTheGateTakesNothing) {
  auto loop = MakeLoop();
  ComputeGate::Pass other_model = gate_->Enter();
  Admit({4});
  loop->Start(1);
  loop->Retire();
  other_model.Leave();
  loop->Join();
  EXPECT_THAT(batches_, IsEmpty());
  EXPECT_THAT(queue_->Take({}, clock_.Now()), SizeIs(1));
}

TEST_F(BatchLoopTest, AHandlerMayRetireItsLoop) {
  std::unique_ptr<BatchLoop> loop;
  loop = MakeLoop([&](std::vector<Request> batch, ComputeGate::Pass) {
    loop->Retire();
    AnswerAll(std::move(batch));
  });
  Admit({10});
  Admit({10});
  loop->Start(1);
  loop->Join();
  EXPECT_THAT(box_.codes(), SizeIs(1));
  EXPECT_THAT(queue_->Take({}, clock_.Now()), SizeIs(1));
}

TEST_F(BatchLoopTest, TakesItsBatchOnlyOnceTheGateIsItsOwn) {
  auto loop = MakeLoop();
  ComputeGate::Pass other_model = gate_->Enter();
  Admit({4});
  loop->Start(1);
  Admit({5});
  other_model.Leave();
  box_.WaitFor(2);
  queue_->Close();
  loop->Join();
  EXPECT_THAT(batches_, ElementsAre(ElementsAre(4, 5)));
}

// How many of four busy threads a gate lets in at once, at most.
int MostInside(ComputeGate& gate) {
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const ComputeGate::Pass pass = gate.Enter();
        const int now = ++inside;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return most;
}

TEST(ComputeGate, LetsNoMoreInThanPermitted) {
  ComputeGate one;
  EXPECT_EQ(MostInside(one), 1);
  ComputeGate two(2);
  EXPECT_LE(MostInside(two), 2);
}

TEST(ComputeGate, LetsInAsManyAsPermittedAndThenWhoCameFirst) {
  ComputeGate gate(2);
  std::vector<ComputeGate::Pass> passes;
  passes.push_back(gate.Enter());
  passes.push_back(gate.Enter());
  EXPECT_EQ(gate.inside(), 2);
  std::latch entered(1);
  std::thread third([&] {
    const ComputeGate::Pass pass = gate.Enter();
    entered.count_down();
  });
  EXPECT_FALSE(entered.try_wait());
  passes[0].Leave();
  entered.wait();
  third.join();
  EXPECT_EQ(gate.inside(), 1);
  passes.clear();
  EXPECT_EQ(gate.inside(), 0);
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
