#include "server/pipeline/chunk_join.h"

#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/answer_box.h"

namespace diffuser::pipeline {
namespace {

using batching::BatchedResult;
using ::testing::ElementsAre;
using ::testing::SizeIs;

using JoinedBox = testing::AnswerBox<std::vector<BatchedResult>>;

BatchedResult ResultOf(float logit) {
  BatchedResult result;
  result.classification.logits = {logit};
  return result;
}

TEST(JoinChunks, AnswersInOrderOnceAllAreThere) {
  JoinedBox box;
  auto chunks = JoinChunks(3, box.NewCompletion());
  std::move(chunks[2]).Answer(ResultOf(2));
  std::move(chunks[0]).Answer(ResultOf(0));
  EXPECT_EQ(box.size(), 0u);
  std::move(chunks[1]).Answer(ResultOf(1));
  ASSERT_EQ(box.size(), 1u);
  const auto results = box.answer(0);
  ASSERT_THAT(*results, SizeIs(3));
  for (int i = 0; i < 3; ++i) EXPECT_EQ((*results)[i].classification.logits[0], i);
}

TEST(JoinChunks, AnswersTheFirstErrorAtOnceAndNothingMore) {
  JoinedBox box;
  auto chunks = JoinChunks(3, box.NewCompletion());
  std::move(chunks[0]).Answer(absl::CancelledError("gone"));
  EXPECT_THAT(box.codes(), ElementsAre(absl::StatusCode::kCancelled));
  std::move(chunks[1]).Answer(ResultOf(1));
  std::move(chunks[2]).Answer(absl::InternalError("late"));
  EXPECT_EQ(box.size(), 1u);
}

TEST(JoinChunks, AnswersInternalWhenAChunkIsDropped) {
  JoinedBox box;
  { auto chunks = JoinChunks(2, box.NewCompletion()); }
  EXPECT_THAT(box.codes(), ElementsAre(absl::StatusCode::kInternal));
}

TEST(JoinChunks, MayBeAnsweredFromManyThreads) {
  JoinedBox box;
  auto chunks = JoinChunks(8, box.NewCompletion());
  std::vector<std::thread> threads;
  for (auto& chunk : chunks) {
    threads.emplace_back([&chunk] { std::move(chunk).Answer(ResultOf(1)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(box.codes(), ElementsAre(absl::StatusCode::kOk));
}

}  // namespace
}  // namespace diffuser::pipeline
