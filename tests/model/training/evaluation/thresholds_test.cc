#include "model/training/evaluation/thresholds.h"

#include <cmath>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/training/evaluation/scores.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;

struct Judged {
  float score;
  bool is_true;
};

// The threshold of the only label of a model.
TunedThresholds Tune(const std::vector<Judged>& judged, TuneOptions options = {.min_support = 1}) {
  ScoreMatrix scores(1);
  LabelSets truth;
  for (const Judged& one : judged) {
    scores.Append({one.score});
    truth.push_back(one.is_true ? std::vector<int>{0} : std::vector<int>{});
  }
  return TuneThresholds(scores, truth, options);
}

TEST(TuneThresholds, LiesHalfWayBetweenTheScoresItParts) {
  // F1, cut below 0.8, 0.4, 0.3 and 0.2: 2/4, 4/5, 6/6, 6/7.
  const auto tuned = Tune({{0.8f, true}, {0.4f, true}, {0.3f, true}, {0.2f, false}});
  EXPECT_THAT(tuned.thresholds, ElementsAre(FloatEq(0.25f)));
  EXPECT_THAT(tuned.is_own, ElementsAre(true));
}

TEST(TuneThresholds, AcceptsWrongOnesWhereThatFindsMoreRightOnes) {
  // F1, cut below each in turn: 2/4, 2/5, 4/6, 4/7, 6/8, 6/9.
  const auto tuned =
      Tune({{0.9f, true}, {0.7f, false}, {0.6f, true}, {0.5f, false}, {0.4f, true}, {0.2f, false}});
  EXPECT_THAT(tuned.thresholds, ElementsAre(FloatEq(0.3f)));
}

TEST(TuneThresholds, TakesTheOneNearestOneHalfOfEquallyGoodOnes) {
  // F1, cut below each in turn: 2/3, 2/4, 2/5, 4/6.
  const auto tuned = Tune({{0.8f, true}, {0.3f, false}, {0.25f, false}, {0.2f, true}});
  EXPECT_THAT(tuned.thresholds, ElementsAre(FloatEq(0.55f)));
}

TEST(TuneThresholds, StaysWithinItsLimits) {
  EXPECT_THAT(Tune({{0.02f, true}, {0.01f, false}, {0.15f, true}}).thresholds,
              ElementsAre(FloatEq(0.1f)));
  EXPECT_THAT(Tune({{0.99f, true}, {0.96f, false}, {0.88f, false}}).thresholds,
              ElementsAre(FloatEq(0.9f)));
}

TEST(TuneThresholds, PartsEqualScoresFromNothing) {
  const auto tuned = Tune({{0.6f, true}, {0.6f, false}, {0.2f, false}});
  EXPECT_THAT(tuned.thresholds, ElementsAre(FloatEq(0.4f)));
}

TEST(TuneThresholds, NeverPartsNeighbouringFloatsWrongly) {
  const float above = 0.6f;
  const float below = std::nextafter(above, 0.0f);
  const auto tuned = Tune({{above, true}, {below, false}});
  EXPECT_THAT(tuned.thresholds, ElementsAre(above));
}

TEST(TuneThresholds, GivesRareLabelsTheGlobalOne) {
  ScoreMatrix scores(2);
  LabelSets truth;
  for (int i = 0; i < 5; ++i) {
    scores.Append({0.4f, 0.05f});
    truth.push_back({0});
  }
  scores.Append({0.2f, 0.9f});
  truth.push_back({1});
  const auto tuned = TuneThresholds(scores, truth, {.min_support = 5});
  EXPECT_THAT(tuned.is_own, ElementsAre(true, false));
  // All six true scores are from 0.4 on, all others from 0.2 down.
  EXPECT_FLOAT_EQ(tuned.global, 0.3f);
  EXPECT_THAT(tuned.thresholds, ElementsAre(FloatEq(0.3f), FloatEq(0.3f)));
}

TEST(TuneThresholds, TakesOneHalfWhereNothingIsTrue) {
  EXPECT_FLOAT_EQ(Tune({}).global, 0.5f);
  EXPECT_FLOAT_EQ(Tune({{0.5f, false}, {0.4f, false}}).global, 0.45f);
}

TEST(TuneThresholds, IsNoWorseThanAnyThresholdOfAFineGrid) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    ScoreMatrix scores(1);
    LabelSets truth;
    for (int i = 0; i < 40; ++i) {
      const float score = static_cast<float>(random() % 1000) / 999.0f;
      scores.Append({score});
      truth.push_back(random() % 1000 < 200 + 600 * score ? std::vector<int>{0}
                                                          : std::vector<int>{});
    }
    const auto f1 = [&](float threshold) {
      return ComputeScores(PredictByThreshold(scores, {threshold}), truth, 1).micro.f1();
    };
    const float tuned = TuneThresholds(scores, truth, {.min_support = 1}).thresholds[0];
    for (int i = 100; i <= 900; ++i) EXPECT_GE(f1(tuned), f1(static_cast<float>(i) / 1000.0f));
  }
}

}  // namespace
}  // namespace diffuser::training
