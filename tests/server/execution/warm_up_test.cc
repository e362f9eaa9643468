#include "server/execution/warm_up.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_classifier.h"

namespace diffuser::execution {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::FakeClassifier;

TEST(WarmUp, RunsFromOneTokenToAShortModelsLength) {
  const FakeClassifier classifier;
  EXPECT_TRUE(WarmUp(classifier).ok());
  EXPECT_THAT(classifier.batches(), Contains(ElementsAre(1)));
  EXPECT_THAT(classifier.batches(), Contains(ElementsAre(1, 8)));
  EXPECT_THAT(classifier.batches().back(), ElementsAre(32));
}

TEST(WarmUp, KeepsToShortDocumentsHoweverLongTheModelsAre) {
  model::ModelConfig config = testing::SmallConfig();
  config.max_position_embeddings = 4098;
  const FakeClassifier classifier(config);
  EXPECT_TRUE(WarmUp(classifier).ok());
  EXPECT_THAT(classifier.batches().back(), ElementsAre(64));
}

TEST(WarmUp, WorksForAModelOfOneToken) {
  model::ModelConfig config = testing::SmallConfig();
  config.max_position_embeddings = config.pad_token_id + 2;
  const FakeClassifier classifier(config);
  EXPECT_TRUE(WarmUp(classifier).ok());
  EXPECT_THAT(classifier.batches(), ElementsAre(ElementsAre(1)));
}

TEST(WarmUp, AvoidsThePaddingId) {
  model::ModelConfig config = testing::SmallConfig();
  config.pad_token_id = 0;
  EXPECT_TRUE(WarmUp(FakeClassifier(config)).ok());
}

TEST(WarmUp, FailsWhereTheModelFails) {
  FakeClassifier classifier;
  classifier.before_classify = [](const model::PackedBatch& batch) {
    return batch.tokens() == 32 ? absl::ResourceExhaustedError("no memory") : absl::OkStatus();
  };
  EXPECT_EQ(WarmUp(classifier).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace diffuser::execution
