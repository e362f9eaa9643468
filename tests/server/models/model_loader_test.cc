#include "server/models/model_loader.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_factories.h"

namespace diffuser::models {
namespace {

using ::testing::AllOf;
using testing::FakeClassifier;
using testing::FakeFactories;
using ::testing::HasSubstr;

const ModelSpec kSpec{"m", "1", "dir"};

ModelFactories Factories(int tokenizer_vocab, const model::ModelConfig& config) {
  return FakeFactories(std::make_shared<FakeClassifier>(config),
                       std::make_shared<testing::RecordingObserver>(), tokenizer_vocab);
}

TEST(LoadCheckpoint, GivesModelAndTokenizer) {
  const auto loaded = LoadCheckpoint(kSpec, Factories(1000, testing::SmallConfig()));
  ASSERT_TRUE(loaded.ok());
  EXPECT_NE(loaded->classifier, nullptr);
  EXPECT_NE(loaded->tokenizer, nullptr);
}

TEST(LoadCheckpoint, ServesACheckpointWithoutTokenizer) {
  const auto loaded = LoadCheckpoint(kSpec, Factories(0, testing::SmallConfig()));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->tokenizer, nullptr);
}

TEST(LoadCheckpoint, RefusesATokenizerThatKnowsMoreThanTheModel) {
  const auto loaded = LoadCheckpoint(kSpec, Factories(1001, testing::SmallConfig()));
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(loaded.status().message()),
              AllOf(HasSubstr("dir"), HasSubstr("1001"), HasSubstr("1000")));
}

TEST(LoadCheckpoint, RefusesAMaskedLanguageModel) {
  auto config = testing::SmallConfig();
  config.head = model::HeadKind::kMaskedLm;
  EXPECT_EQ(LoadCheckpoint(kSpec, Factories(1000, config)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(LoadCheckpoint, PassesOnTheErrorsOfTheFactories) {
  auto factories = Factories(1000, testing::SmallConfig());
  factories.load_tokenizer = [](const std::string&) {
    return absl::InvalidArgumentError("bad tokenizer.json");
  };
  EXPECT_EQ(LoadCheckpoint(kSpec, factories).status().message(), "bad tokenizer.json");
  factories.load_classifier = [](const ModelSpec&) { return absl::NotFoundError("no config"); };
  EXPECT_EQ(LoadCheckpoint(kSpec, factories).status().message(), "no config");
}

}  // namespace
}  // namespace diffuser::models
