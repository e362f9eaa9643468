#include "model/training/report/model_card.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

ModelCardFacts Facts() {
  ModelCardFacts facts;
  facts.name = "my_licences";
  facts.config.max_position_embeddings = 4098;
  facts.config.vocab_size = 50265;
  facts.config.num_layers = 2;
  facts.config.problem_type = model::ProblemType::kMultiLabel;
  facts.config.labels = {"MIT", "GPL*"};
  facts.train = {
      .path = "train.jsonl", .counts = "5,000 documents", .long_documents = "12 left out"};
  facts.eval = {.path = "eval.jsonl", .counts = "500 documents", .long_documents = ""};
  facts.label_documents = {3000, 12345};
  facts.settings = {{"epochs", "10"}, {"learning_rate", "0.0005"}};
  facts.scores = ComputeScores({{0}, {1}}, {{0}, {0}}, 2);
  facts.steps = 1500;
  facts.best_step = 1200;
  facts.trained_tokens = 7200000;
  facts.training_time = absl::Hours(2) + absl::Minutes(5);
  return facts;
}

TEST(ModelCard, BeginsWithFrontMatter) {
  EXPECT_THAT(ModelCard(Facts()), StartsWith("---\nlibrary_name: diffuser-serving\n"
                                             "pipeline_tag: text-classification\n"));
}

TEST(ModelCard, TellsModelDataSettingsScoresAndSpeed) {
  const std::string card = ModelCard(Facts());
  for (const char* part :
       {"# my\\_licences\n", "up to 4,096 tokens, multi-label",
        "| training | train.jsonl | 5,000 documents | 12 left out |\n", "| GPL\\* | 12,345 |\n",
        "| micro | 0.5000 | 0.5000 | 0.5000 |\n", "| learning\\_rate | 0.0005 |\n",
        "| step kept | 1,200 |\n", "| tokens | 7,200,000 |\n", "| time | 2 h 05 min |\n",
        "| tokens/s | 960 |\n", "](curves.svg)", "diffuser-server --model="}) {
    EXPECT_THAT(card, HasSubstr(part));
  }
}

TEST(ModelCard, LeavesOutWhatIsNotKnown) {
  ModelCardFacts facts = Facts();
  facts.scores.reset();
  facts.label_documents.clear();
  facts.settings.clear();
  facts.training_time = absl::ZeroDuration();
  const std::string card = ModelCard(facts);
  for (const char* part : {"## Scores", "metrics:", "GPL", "| setting", "tokens/s", "nan", "inf"}) {
    EXPECT_THAT(card, Not(HasSubstr(part)));
  }
}

}  // namespace
}  // namespace diffuser::training
