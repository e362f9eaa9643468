#include "model/training/evaluation/scores.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(PredictBest, TakesTheFirstOfEqualScores) {
  ScoreMatrix scores(3);
  scores.Append({0.2f, 0.5f, 0.3f});
  scores.Append({0.1f, 0.45f, 0.45f});
  EXPECT_THAT(PredictBest(scores), ElementsAre(ElementsAre(1), ElementsAre(1)));
}

TEST(PredictByThreshold, TakesWhatIsAtItsThresholdOrAbove) {
  ScoreMatrix scores(2);
  scores.Append({0.5f, 0.7f});
  scores.Append({0.4f, 0.9f});
  scores.Append({0.4f, 0.1f});
  EXPECT_THAT(PredictByThreshold(scores, {0.5f, 0.8f}),
              ElementsAre(ElementsAre(0), ElementsAre(1), IsEmpty()));
}

// Four documents, three labels, worked out by hand:
//   predicted   truth      label 0   label 1   label 2
//   0 1         0          tp        fp
//   1           1 2                  tp        fn
//   (none)      0          fn
//   0           0          tp
TEST(ComputeScores, AgreesWithNumbersWorkedOutByHand) {
  const Scores scores = ComputeScores({{0, 1}, {1}, {}, {0}}, {{0}, {1, 2}, {0}, {0}}, 3);
  EXPECT_EQ(scores.documents, 4);
  EXPECT_THAT(scores.labels, ElementsAre(Counts{2, 0, 1}, Counts{1, 1, 0}, Counts{0, 0, 1}));
  EXPECT_EQ(scores.micro, (Counts{3, 1, 2}));
  EXPECT_DOUBLE_EQ(scores.micro.precision(), 0.75);
  EXPECT_DOUBLE_EQ(scores.micro.recall(), 0.6);
  EXPECT_DOUBLE_EQ(scores.micro.f1(), 2.0 / 3);
  EXPECT_EQ(scores.labels_with_support, 3);
  EXPECT_DOUBLE_EQ(scores.macro_precision, (1 + 0.5 + 0) / 3);
  EXPECT_DOUBLE_EQ(scores.macro_recall, (2.0 / 3 + 1 + 0) / 3);
  EXPECT_DOUBLE_EQ(scores.macro_f1, (0.8 + 2.0 / 3 + 0) / 3);
  EXPECT_DOUBLE_EQ(scores.exact_match, 0.25);
}

TEST(ComputeScores, LeavesLabelsThatNeverOccurOutOfTheMacroMeans) {
  const Scores scores = ComputeScores({{0}, {1}}, {{0}, {0}}, 3);
  EXPECT_EQ(scores.labels_with_support, 1);
  EXPECT_DOUBLE_EQ(scores.macro_f1, 2.0 / 3);
  EXPECT_EQ(scores.labels[1], (Counts{0, 1, 0}));
}

TEST(ComputeScores, CountsZeroByZeroAsZero) {
  const Scores scores = ComputeScores({}, {}, 2);
  EXPECT_EQ(scores.micro.precision(), 0);
  EXPECT_EQ(scores.micro.recall(), 0);
  EXPECT_EQ(scores.micro.f1(), 0);
  EXPECT_EQ(scores.macro_f1, 0);
  EXPECT_EQ(scores.exact_match, 0);
}

TEST(ComputeScores, FindsDocumentsWithoutLabelsExactIfNoneIsPredicted) {
  const Scores scores = ComputeScores({{}, {0}}, {{}, {}}, 1);
  EXPECT_DOUBLE_EQ(scores.exact_match, 0.5);
  EXPECT_EQ(scores.micro, (Counts{0, 1, 0}));
}

TEST(ComputeScores, GivesSingleLabelModelsTheirAccuracyAsMicroF1) {
  const Scores scores = ComputeScores({{0}, {1}, {1}, {2}}, {{0}, {1}, {2}, {2}}, 3);
  EXPECT_DOUBLE_EQ(scores.micro.f1(), 0.75);
  EXPECT_DOUBLE_EQ(scores.exact_match, 0.75);
}

}  // namespace
}  // namespace diffuser::training
