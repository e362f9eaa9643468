#include "model/training/evaluation/agreement.h"

#include <vector>

#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

ScoredDocument Scored(std::vector<float> scores, std::vector<float> logits) {
  ScoredDocument document;
  document.scores = std::move(scores);
  document.logits = std::move(logits);
  return document;
}

TEST(CompareScored, CountsWhatIsTheSameAndMeasuresTheRest) {
  const std::vector<ScoredDocument> one = {Scored({0.9f, 0.1f}, {2.0f, -2.0f}),
                                           Scored({0.5f, 0.6f}, {0.0f, 0.5f})};
  const std::vector<ScoredDocument> other = {Scored({0.8f, 0.1f}, {1.5f, -2.0f}),
                                             Scored({0.6f, 0.5f}, {0.5f, 0.25f})};
  const LabelSets labels = {{0}, {0, 1}};
  const LabelSets other_labels = {{0}, {0}};
  const Agreement agreement = CompareScored({one, labels}, {other, other_labels});
  EXPECT_EQ(agreement.documents, 2);
  EXPECT_EQ(agreement.same_top_label, 1);
  EXPECT_EQ(agreement.same_labels, 1);
  EXPECT_DOUBLE_EQ(agreement.largest_logit_difference, 0.5);
  EXPECT_DOUBLE_EQ(agreement.mean_logit_difference, (0.5 + 0.5 + 0.25) / 4);
  EXPECT_NEAR(agreement.largest_score_difference, 0.1, 1e-6);
}

TEST(CompareScored, FindsNothingApartInNothing) {
  const Agreement agreement = CompareScored({{}, {}}, {{}, {}});
  EXPECT_EQ(agreement.documents, 0);
  EXPECT_EQ(agreement.mean_logit_difference, 0);
}

}  // namespace
}  // namespace diffuser::training
