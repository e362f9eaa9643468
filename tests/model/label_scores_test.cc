#include "model/label_scores.h"

#include <cmath>
#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::model {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::IsEmpty;
using Logits = std::vector<std::vector<float>>;

constexpr float kHuge = std::numeric_limits<float>::max();

ModelConfig Config(ProblemType type, int labels) {
  ModelConfig config;
  config.problem_type = type;
  config.labels.assign(labels, "label");
  config.label_thresholds.assign(labels, 0.5f);
  return config;
}

std::vector<int> Indices(const std::vector<ScoredLabel>& labels) {
  std::vector<int> indices;
  for (const ScoredLabel& label : labels) indices.push_back(label.index);
  return indices;
}

TEST(CombineChunks, SoftmaxOfOneChunkKeepsItsLogits) {
  const auto combined = CombineChunks(ProblemType::kSingleLabel, Logits{{1, 2}});
  const double odds = std::exp(1.0);
  EXPECT_THAT(combined.scores,
              ElementsAre(DoubleNear(1 / (1 + odds), 1e-15), DoubleNear(odds / (1 + odds), 1e-15)));
  EXPECT_THAT(combined.logits, ElementsAre(1, 2));
}

TEST(CombineChunks, SoftmaxSurvivesHugeLogits) {
  const auto combined = CombineChunks(ProblemType::kSingleLabel, Logits{{kHuge, -kHuge}});
  EXPECT_THAT(combined.scores, ElementsAre(1, 0));
}

TEST(CombineChunks, SoftmaxOfManyChunksIsTheMeanAndItsLogitsGiveTheScoresBack) {
  const auto combined =
      CombineChunks(ProblemType::kSingleLabel, Logits{{0, 0}, {std::log(3.0f), 0}});
  EXPECT_THAT(combined.scores, ElementsAre(DoubleNear(0.625, 1e-7), DoubleNear(0.375, 1e-7)));
  const auto again = CombineChunks(ProblemType::kSingleLabel, Logits{combined.logits});
  EXPECT_THAT(again.scores, ElementsAre(DoubleNear(0.625, 1e-6), DoubleNear(0.375, 1e-6)));
}

TEST(CombineChunks, LogitsOfImpossibleLabelsAreFinite) {
  const auto combined =
      CombineChunks(ProblemType::kSingleLabel, Logits{{kHuge, -kHuge}, {kHuge, -kHuge}});
  EXPECT_EQ(combined.scores[1], 0);
  EXPECT_EQ(combined.logits[1], -kHuge);
}

TEST(CombineChunks, SigmoidTakesTheHighestOfEachLabel) {
  const auto combined = CombineChunks(ProblemType::kMultiLabel, Logits{{0, -2}, {-1, 3}});
  EXPECT_THAT(combined.scores,
              ElementsAre(DoubleNear(0.5, 1e-15), DoubleNear(1 / (1 + std::exp(-3.0)), 1e-15)));
  EXPECT_THAT(combined.logits, ElementsAre(0, 3));
}

TEST(CombineChunks, SigmoidSurvivesHugeLogits) {
  const auto combined = CombineChunks(ProblemType::kMultiLabel, Logits{{kHuge, -kHuge}});
  EXPECT_THAT(combined.scores, ElementsAre(1, 0));
}

TEST(CombineChunks, RegressionIsTheMeanOfTheNumbers) {
  const auto combined = CombineChunks(ProblemType::kRegression, Logits{{1}, {2}, {6}});
  EXPECT_THAT(combined.scores, ElementsAre(3));
  EXPECT_THAT(combined.logits, ElementsAre(FloatNear(3, 0)));
}

TEST(SelectLabels, OrdersByScoreThenByIndex) {
  const auto labels =
      SelectLabels({0.2, 0.3, 0.3, 0.9}, Config(ProblemType::kSingleLabel, 4), SelectOptions{});
  EXPECT_THAT(Indices(labels), ElementsAre(3, 1, 2, 0));
  EXPECT_EQ(labels[0].score, 0.9f);
}

TEST(SelectLabels, KeepsTheBest) {
  SelectOptions options;
  options.top_k = 2;
  const auto config = Config(ProblemType::kSingleLabel, 3);
  EXPECT_THAT(Indices(SelectLabels({0.1, 0.7, 0.2}, config, options)), ElementsAre(1, 2));
  options.top_k = 9;
  EXPECT_THAT(Indices(SelectLabels({0.1, 0.7, 0.2}, config, options)), ElementsAre(1, 2, 0));
}

TEST(SelectLabels, LeavesOutWhatIsBelowTheThreshold) {
  SelectOptions options;
  options.threshold = 0.2f;
  const auto config = Config(ProblemType::kSingleLabel, 3);
  EXPECT_THAT(Indices(SelectLabels({0.1, 0.7, 0.2}, config, options)), ElementsAre(1, 2));
  options.threshold = 0.8f;
  EXPECT_THAT(SelectLabels({0.1, 0.7, 0.2}, config, options), IsEmpty());
}

TEST(SelectLabels, UsesTheLabelsOwnThresholdsForMultiLabelModels) {
  auto config = Config(ProblemType::kMultiLabel, 3);
  config.label_thresholds = {0.9f, 0.1f, 0.5f};
  SelectOptions options;
  EXPECT_THAT(Indices(SelectLabels({0.8, 0.2, 0.5}, config, options)), ElementsAre(2, 1));
  options.threshold = 0.0f;
  EXPECT_THAT(Indices(SelectLabels({0.8, 0.2, 0.5}, config, options)), ElementsAre(0, 2, 1));
}

TEST(SelectLabels, HasNoThresholdForNegativeNumbers) {
  EXPECT_THAT(Indices(SelectLabels({-5}, Config(ProblemType::kRegression, 1), SelectOptions{})),
              ElementsAre(0));
}

}  // namespace
}  // namespace diffuser::model
