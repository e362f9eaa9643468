#include "server/pipeline/evidence.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::pipeline {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// "Ab. Cd ef", each word a token that carries the blank before it, between two specials.
Document TwoSentences() {
  return {.ids = {0, 10, 11, 12, 2},
          .prefix = 1,
          .suffix = 1,
          .text = "Ab. Cd ef",
          .offsets = {{0, 0}, {0, 3}, {3, 6}, {6, 9}, {0, 0}}};
}

TEST(TokenWeights, AveragesChunksAndAddsWhereTheyOverlap) {
  // Tokens 0 (special) and 2 are in both windows.
  const std::vector<model::Window> windows = {{{0, 3}}, {{0, 1}, {2, 4}}};
  const std::vector<std::vector<float>> evidence = {{0.5f, 0.25f, 0.25f}, {0.25f, 0.25f, 0.5f}};
  EXPECT_THAT(TokenWeights(4, windows, evidence), ElementsAre(0.375, 0.125, 0.25, 0.25));
}

TEST(TokenWeights, SumToOneWhereTheModelsDoNot) {
  const auto weights = TokenWeights(3, {{{0, 2}}}, {{0.2f, 0.6f}});
  EXPECT_THAT(weights, ElementsAre(DoubleNear(0.25, 1e-7), DoubleNear(0.75, 1e-7), 0));
}

TEST(TokenWeights, AreZeroWhereTheModelsAre) {
  EXPECT_THAT(TokenWeights(2, {{{0, 2}}}, {{0, 0}}), Each(0));
}

TEST(SelectEvidence, AddsUpTheTokensOfASentence) {
  const auto spans =
      SelectEvidence(TwoSentences(), {0.1, 0.2, 0.3, 0.35, 0.05}, EvidenceUnit::kSentence, 10);
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].begin_byte, 4);
  EXPECT_EQ(spans[0].end_byte, 9);
  EXPECT_EQ(spans[0].begin_token, 2);
  EXPECT_EQ(spans[0].end_token, 4);
  EXPECT_FLOAT_EQ(spans[0].weight, 0.65f);
  EXPECT_EQ(spans[1].begin_byte, 0);
  EXPECT_EQ(spans[1].end_byte, 3);
  EXPECT_EQ(spans[1].begin_token, 1);
  EXPECT_EQ(spans[1].end_token, 2);
  EXPECT_FLOAT_EQ(spans[1].weight, 0.2f);
}

TEST(SelectEvidence, GivesTokensWithoutTheirWhiteSpaceOrTheSpecials) {
  const auto spans =
      SelectEvidence(TwoSentences(), {0.5, 0.1, 0.3, 0.05, 0.05}, EvidenceUnit::kToken, 2);
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].begin_byte, 4);
  EXPECT_EQ(spans[0].end_byte, 6);
  EXPECT_EQ(spans[0].begin_token, 2);
  EXPECT_EQ(spans[0].end_token, 3);
  EXPECT_EQ(spans[1].begin_token, 1);
}

TEST(SelectEvidence, LeavesOutWhatHasNoWeight) {
  const auto spans = SelectEvidence(TwoSentences(), {1, 0, 0, 0, 0}, EvidenceUnit::kSentence, 10);
  EXPECT_THAT(spans, IsEmpty());
}

TEST(SelectEvidence, PutsTheEarlierOfEqualsFirst) {
  const auto spans =
      SelectEvidence(TwoSentences(), {0, 0.2, 0.4, 0.4, 0}, EvidenceUnit::kToken, 10);
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[0].begin_token, 2);
  EXPECT_EQ(spans[1].begin_token, 3);
}

TEST(SelectEvidence, HasOnlyTokensForTokenIds) {
  const Document document{.ids = {0, 10, 11}, .prefix = 1, .suffix = 0, .text = "", .offsets = {}};
  const auto spans = SelectEvidence(document, {0.2, 0.3, 0.5}, EvidenceUnit::kSentence, 10);
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].begin_token, 2);
  EXPECT_EQ(spans[0].end_token, 3);
  EXPECT_EQ(spans[0].begin_byte, 0);
  EXPECT_EQ(spans[0].end_byte, 0);
}

}  // namespace
}  // namespace diffuser::pipeline
