#include "server/batching/completion.h"

#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/answer_box.h"

namespace diffuser::batching {
namespace {

using testing::AnswerBox;
using ::testing::ElementsAre;

TEST(Completion, AnswersOnceWithWhatItIsGiven) {
  AnswerBox<int> box;
  { Completion<int>(box.NewCompletion()).Answer(5); }
  ASSERT_EQ(box.size(), 1u);
  EXPECT_EQ(*box.answer(0), 5);
}

TEST(Completion, AnswersInternalWhenDropped) {
  AnswerBox<int> box;
  { const Completion<int> dropped = box.NewCompletion(); }
  EXPECT_THAT(box.codes(), ElementsAre(absl::StatusCode::kInternal));
}

TEST(Completion, AMovedOneLeavesNothingToAnswer) {
  AnswerBox<int> box;
  {
    Completion<int> first = box.NewCompletion();
    Completion<int> second = std::move(first);
    std::move(second).Answer(1);
  }
  EXPECT_EQ(box.size(), 1u);
}

TEST(Completion, AssigningAnswersWhatWasHeldBefore) {
  AnswerBox<int> box;
  Completion<int> held = box.NewCompletion();
  held = box.NewCompletion();
  EXPECT_THAT(box.codes(), ElementsAre(absl::StatusCode::kInternal));
  std::move(held).Answer(2);
  EXPECT_EQ(*box.answer(1), 2);
}

}  // namespace
}  // namespace diffuser::batching
