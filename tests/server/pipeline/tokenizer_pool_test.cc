#include "server/pipeline/tokenizer_pool.h"

#include <future>
#include <thread>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/answer_box.h"

namespace diffuser::pipeline {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

// Notes the status that a task is called with.
class TokenizerPoolTest : public ::testing::Test {
 protected:
  using Box = testing::AnswerBox<std::thread::id>;

  TokenizerPool::Task Note() {
    return [done = box_.NewCompletion()](absl::Status status) mutable {
      if (status.ok()) {
        std::move(done).Answer(std::this_thread::get_id());
      } else {
        std::move(done).Answer(status);
      }
    };
  }

  // Keeps a pool's only thread busy until Release.
  void Occupy(TokenizerPool& pool) {
    pool.Submit(1, [this](absl::Status) {
      occupied_.set_value();
      released_.get_future().wait();
    });
    occupied_.get_future().wait();
  }
  void Release() { released_.set_value(); }

  Box box_;
  std::promise<void> occupied_;
  std::promise<void> released_;
};

TEST_F(TokenizerPoolTest, RunsTasksOnItsOwnThreads) {
  TokenizerPool pool({.threads = 2});
  for (int i = 0; i < 50; ++i) pool.Submit(1, Note());
  box_.WaitFor(50);
  EXPECT_THAT(box_.codes(), Each(absl::StatusCode::kOk));
  EXPECT_NE(*box_.answer(0), std::this_thread::get_id());
}

TEST_F(TokenizerPoolTest, RefusesBeyondItsNumberOfTasks) {
  TokenizerPool pool({.threads = 1, .max_tasks = 1});
  Occupy(pool);
  pool.Submit(1, Note());
  pool.Submit(1, Note());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kResourceExhausted));
  Release();
  box_.WaitFor(2);
  EXPECT_EQ(box_.codes()[1], absl::StatusCode::kOk);
}

TEST_F(TokenizerPoolTest, RefusesBeyondItsBytesUnlessNothingWaits) {
  TokenizerPool pool({.threads = 1, .max_bytes = 10});
  Occupy(pool);
  pool.Submit(100, Note());
  pool.Submit(1, Note());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kResourceExhausted));
  Release();
  box_.WaitFor(2);
  EXPECT_EQ(box_.codes()[1], absl::StatusCode::kOk);
}

TEST_F(TokenizerPoolTest, DrainingFinishesWhatWaitsAndRefusesWhatComes) {
  TokenizerPool pool({.threads = 1});
  Occupy(pool);
  pool.Submit(1, Note());
  std::thread drain([&] { pool.Drain(absl::InfiniteFuture()); });
  Release();
  drain.join();
  pool.Submit(1, Note());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kOk, absl::StatusCode::kUnavailable));
}

TEST_F(TokenizerPoolTest, DrainingPastTheDeadlineRefusesWhatWaits) {
  TokenizerPool pool({.threads = 1});
  Occupy(pool);
  pool.Submit(1, Note());
  std::thread drain([&] { pool.Drain(absl::InfinitePast()); });
  box_.WaitFor(1);
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kUnavailable));
  Release();
  drain.join();
}

}  // namespace
}  // namespace diffuser::pipeline
