#include "model/precision_check.h"

#include <limits>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_classifier.h"

namespace diffuser::model {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// The fake model in some precision, whose first logits are off by some error.
class OffClassifier final : public Classifier {
 public:
  OffClassifier(Precision precision, float error) : precision_(precision), error_(error) {}

  const ModelConfig& config() const override { return fake_.config(); }
  std::string device() const override { return "cpu"; }
  Precision precision() const override { return precision_; }
  int64_t weight_bytes() const override { return 0; }
  absl::Status Validate(absl::Span<const int32_t> ids) const override {
    return fake_.Validate(ids);
  }
  absl::StatusOr<std::vector<Classification>> Classify(
      const PackedBatch& batch, const std::vector<bool>& evidence) const override {
    auto answers = fake_.Classify(batch, evidence);
    if (answers.ok()) {
      for (Classification& answer : *answers) answer.logits[0] += error_;
    }
    return answers;
  }

 private:
  testing::FakeClassifier fake_;
  Precision precision_;
  float error_;
};

// Which precision is taken where int8 and bfloat16 are off by these errors, and what was reported.
struct Choice {
  Choice(float int8_error, float bfloat16_error) {
    const auto make = [&](Precision asked) -> absl::StatusOr<std::shared_ptr<const Classifier>> {
      const float error = asked == Precision::kInt8       ? int8_error
                          : asked == Precision::kBFloat16 ? bfloat16_error
                                                          : 0.0f;
      return std::make_shared<const OffClassifier>(asked, error);
    };
    const OffClassifier float32(Precision::kFloat32, 0.0f);
    const auto chosen =
        FirstThatAgrees(float32, {Precision::kInt8, Precision::kBFloat16}, make,
                        [this](const PrecisionCheck& check) { checks.push_back(check); });
    EXPECT_TRUE(chosen.ok()) << chosen.status();
    precision = (*chosen)->precision();
  }

  Precision precision = Precision::kAuto;
  std::vector<PrecisionCheck> checks;
};

TEST(FirstThatAgrees, TakesTheFastestThatAgrees) {
  const Choice choice(0.01f, 0.0f);
  EXPECT_EQ(choice.precision, Precision::kInt8);
  ASSERT_THAT(choice.checks, SizeIs(1));
  EXPECT_TRUE(choice.checks[0].passed);
  EXPECT_NEAR(choice.checks[0].largest_logit_difference, 0.01, 1e-6);
  EXPECT_GT(choice.checks[0].largest_score_difference, 0);
  EXPECT_EQ(choice.checks[0].documents, 4);
}

TEST(FirstThatAgrees, FallsBackFromAPrecisionThatIsWrong) {
  for (const float wrong : {1.0f, -3.0f, std::numeric_limits<float>::quiet_NaN(),
                            std::numeric_limits<float>::infinity()}) {
    const Choice choice(wrong, 0.001f);
    EXPECT_EQ(choice.precision, Precision::kBFloat16);
    ASSERT_THAT(choice.checks, SizeIs(2));
    EXPECT_EQ(choice.checks[0].precision, Precision::kInt8);
    EXPECT_FALSE(choice.checks[0].passed);
    EXPECT_TRUE(choice.checks[1].passed);
  }
}

TEST(FirstThatAgrees, FallsBackToFloat32WhereNothingAgrees) {
  const Choice choice(4.0f, -4.0f);
  EXPECT_EQ(choice.precision, Precision::kFloat32);
  EXPECT_THAT(choice.checks, SizeIs(2));
}

TEST(FirstThatAgrees, HandsOnTheErrorsOfACandidate) {
  const OffClassifier float32(Precision::kFloat32, 0.0f);
  const auto fail = [](Precision) -> absl::StatusOr<std::shared_ptr<const Classifier>> {
    return absl::ResourceExhaustedError("no memory");
  };
  EXPECT_TRUE(absl::IsResourceExhausted(
      FirstThatAgrees(float32, {Precision::kInt8}, fail, nullptr).status()));
}

std::vector<Classification> Answers(std::vector<float> logits) {
  return {{.logits = std::move(logits), .evidence = {}}};
}

TEST(CompareWithFloat32, SeesThroughScoresThatHideTheLogits) {
  ModelConfig config = testing::SmallConfig();
  config.problem_type = ProblemType::kMultiLabel;
  const auto passes = [&](float logit) {
    return CompareWithFloat32(config, Precision::kInt8, Answers({-10.0f, -12.0f}),
                              Answers({logit, -12.0f}))
        .passed;
  };
  EXPECT_TRUE(passes(-10.1f));
  EXPECT_FALSE(passes(-10.2f));  // no score moves by more than 0.0001
}

TEST(CompareWithFloat32, LetsLabelsOfAboutTheSameScoreChangePlaces) {
  const ModelConfig config = testing::SmallConfig();
  const PrecisionCheck check = CompareWithFloat32(
      config, Precision::kInt8, Answers({1.000f, 1.001f}), Answers({1.001f, 1.000f}));
  EXPECT_TRUE(check.passed);
  EXPECT_EQ(check.same_top_labels, 0);
}

TEST(CompareWithFloat32, ComparesTheNumbersOfARegression) {
  ModelConfig config = testing::SmallConfig();
  config.problem_type = ProblemType::kRegression;
  EXPECT_TRUE(
      CompareWithFloat32(config, Precision::kInt8, Answers({50.0f}), Answers({50.4f})).passed);
  EXPECT_FALSE(
      CompareWithFloat32(config, Precision::kInt8, Answers({50.0f}), Answers({51.0f})).passed);
}

TEST(CheckDocuments, AreValidAndOfMixedLengthsWithinTheModels) {
  for (const int pad : {0, 1, 999}) {
    ModelConfig config = testing::SmallConfig();
    config.pad_token_id = pad;
    config.max_position_embeddings = pad + 33;
    const testing::FakeClassifier classifier(config);
    const PackedBatch batch = CheckDocuments(config);
    std::vector<int> lengths;
    for (int i = 0; i < batch.documents(); ++i) {
      EXPECT_TRUE(classifier.Validate(batch.document(i)).ok());
      lengths.push_back(batch.length(i));
    }
    EXPECT_THAT(lengths, ElementsAre(4, 24, 32, 32));
  }
}

}  // namespace
}  // namespace diffuser::model
