#include "model/training/evaluation/document_scorer.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/label_scores.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/fake_tokenizer.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;

// A text of `count` words: count + 2 tokens.
std::string Words(int count, const std::string& word = "w") {
  std::string text;
  for (int i = 0; i < count; ++i) text += word + std::to_string(i) + " ";
  return text;
}

std::vector<float> AsFloats(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

class DocumentScorerTest : public ::testing::Test {
 protected:
  std::vector<ScoredDocument> Score(const std::vector<std::string>& texts, ScorerOptions options) {
    DocumentScorer scorer(classifier_, tokenizer_, options);
    for (const std::string& text : texts) EXPECT_TRUE(scorer.Add(text).ok());
    auto scored = std::move(scorer).Finish();
    EXPECT_TRUE(scored.ok()) << scored.status();
    return *std::move(scored);
  }

  testing::FakeTokenizer tokenizer_;
  testing::FakeClassifier classifier_;
};

TEST_F(DocumentScorerTest, GivesTheSoftmaxOfAShortDocument) {
  const auto scored = Score({Words(3)}, {});
  const auto logits = testing::FakeLogits(tokenizer_.Encode(Words(3))->ids, 2);
  const auto expected = model::CombineChunks(model::ProblemType::kSingleLabel, {logits});
  ASSERT_EQ(scored.size(), 1u);
  EXPECT_EQ(scored[0].scores, AsFloats(expected.scores));
  EXPECT_EQ(scored[0].tokens, 5);
  EXPECT_EQ(scored[0].windows, 1);
}

// 62 tokens at a length of 32: 60 of content, 30 to a window; overlapping by 4, three windows
// of 23.
TEST_F(DocumentScorerTest, CombinesTheWindowsOfALongDocument) {
  const auto scored = Score({Words(60)}, {.batch_tokens = 16384, .chunk_overlap = 4});
  EXPECT_THAT(classifier_.batches(), ElementsAre(ElementsAre(25, 25, 25)));
  const auto ids = tokenizer_.Encode(Words(60))->ids;
  const auto plan =
      model::PlanWindows(62, {.prefix = 1, .suffix = 1, .max_tokens = 32, .chunk_overlap = 4});
  std::vector<std::vector<float>> logits;
  for (const auto& window : plan->windows) {
    logits.push_back(testing::FakeLogits(model::WindowIds(ids, window), 2));
  }
  EXPECT_EQ(scored[0].scores,
            AsFloats(model::CombineChunks(model::ProblemType::kSingleLabel, logits).scores));
  EXPECT_EQ(scored[0].tokens, 62);
  EXPECT_EQ(scored[0].windows, 3);
}

TEST_F(DocumentScorerTest, OverlapsByAnEighthOfTheLengthIfNothingElseIsAskedFor) {
  const auto usual = Score({Words(200)}, {});
  const auto asked = Score({Words(200)}, {.batch_tokens = 16384, .chunk_overlap = 4});
  EXPECT_EQ(usual[0].scores, asked[0].scores);
}

TEST_F(DocumentScorerTest, FillsBatchesUpToTheirTokens) {
  const auto scored =
      Score({Words(3), Words(3), Words(4), Words(1), Words(20)}, {.batch_tokens = 10});
  EXPECT_THAT(classifier_.batches(),
              ElementsAre(ElementsAre(5, 5), ElementsAre(6, 3), ElementsAre(22)));
  EXPECT_EQ(scored.size(), 5u);
}

TEST_F(DocumentScorerTest, ScoresADocumentTheSameWhateverItIsBatchedWith) {
  const auto together = Score({Words(3), Words(60), Words(7, "x")}, {.batch_tokens = 64});
  EXPECT_EQ(together[0].scores, Score({Words(3)}, {})[0].scores);
  EXPECT_EQ(together[1].scores, Score({Words(60)}, {})[0].scores);
  EXPECT_EQ(together[2].scores, Score({Words(7, "x")}, {})[0].scores);
}

TEST_F(DocumentScorerTest, LeavesOutATextThatCannotBeTokenized) {
  DocumentScorer scorer(classifier_, tokenizer_, {});
  EXPECT_TRUE(scorer.Add("one").ok());
  EXPECT_EQ(scorer.Add("\xff").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(scorer.Add("two").ok());
  EXPECT_EQ(std::move(scorer).Finish()->size(), 2u);
}

TEST_F(DocumentScorerTest, HandsOnTheModelsError) {
  classifier_.before_classify = [](const model::PackedBatch&) {
    return absl::ResourceExhaustedError("out of memory");
  };
  DocumentScorer scorer(classifier_, tokenizer_, {});
  EXPECT_TRUE(scorer.Add("one").ok());
  EXPECT_EQ(std::move(scorer).Finish().status().message(), "out of memory");
}

TEST_F(DocumentScorerTest, ScoresNothingWithoutComputing) {
  EXPECT_TRUE(Score({}, {}).empty());
  EXPECT_TRUE(classifier_.batches().empty());
}

}  // namespace
}  // namespace diffuser::training
