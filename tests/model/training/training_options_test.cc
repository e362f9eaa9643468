#include "model/training/training_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;

template <typename Change>
std::string ErrorOf(const Change& change) {
  TrainingOptions options;
  change(options);
  const absl::Status status = ValidateTrainingOptions(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(TrainingOptions, AreValidAsTheyCome) {
  EXPECT_TRUE(ValidateTrainingOptions(TrainingOptions()).ok());
}

TEST(TrainingOptions, NameFlagValueAndWhatIsExpected) {
  EXPECT_EQ(ErrorOf([](auto& o) { o.epochs = 0; }), "--epochs: found 0, expected 1 or more");
  EXPECT_EQ(ErrorOf([](auto& o) { o.learning_rate = 0; }),
            "--learning_rate: found 0, expected a number from above 0 to 1");
  EXPECT_EQ(ErrorOf([](auto& o) { o.hop_dropout = 1; }),
            "--hop_dropout: found 1, expected a number from 0 to below 1");
}

TEST(TrainingOptions, BoundEveryNumber) {
  EXPECT_THAT(ErrorOf([](auto& o) { o.max_steps = -1; }), HasSubstr("--max_steps"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.batch_tokens = 0; }), HasSubstr("--batch_tokens"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.batch_tokens = 1 << 30; }), HasSubstr("--batch_tokens"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.accumulation = 0; }), HasSubstr("--accumulation"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.learning_rate = 1.5; }), HasSubstr("--learning_rate"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.warmup = 1.1; }), HasSubstr("--warmup"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.weight_decay = -0.1; }), HasSubstr("--weight_decay"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.adam_beta1 = 1; }), HasSubstr("--adam_beta1"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.adam_beta2 = -1; }), HasSubstr("--adam_beta2"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.adam_epsilon = 0; }), HasSubstr("--adam_epsilon"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.max_gradient_norm = -1; }), HasSubstr("--max_gradient_norm"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.attention_dropout = -2; }), HasSubstr("--attention_dropout"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.hidden_dropout = 1; }), HasSubstr("--hidden_dropout"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.label_smoothing = 1; }), HasSubstr("--label_smoothing"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.eval_every = -1; }), HasSubstr("--eval_every"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.patience = -1; }), HasSubstr("--patience"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.checkpoint_every = -1; }), HasSubstr("--checkpoint_every"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.eval_documents = -1; }), HasSubstr("--eval_documents"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.threads = -1; }), HasSubstr("--threads"));
  EXPECT_THAT(ErrorOf([](auto& o) { o.long_documents = LongDocuments::kChunk; }),
              HasSubstr("--long_documents: found chunk"));
}

TEST(TrainingOptions, RefuseWhatIsNoFiniteNumber) {
  EXPECT_THAT(ErrorOf([](auto& o) { o.warmup = std::numeric_limits<double>::quiet_NaN(); }),
              HasSubstr("--warmup: found nan"));
  EXPECT_THAT(
      ErrorOf([](auto& o) { o.max_gradient_norm = std::numeric_limits<double>::infinity(); }),
      HasSubstr("--max_gradient_norm: found inf"));
}

TEST(TrainingOptions, TakeDropoutsFromTheConfig) {
  TrainingOptions options;
  options.hop_dropout = 0.3;
  const absl::Status status = ResolveTrainingOptions(
      R"({"attention_probs_dropout_prob": 0, "hidden_dropout_prob": 0.2})", "config.json", options);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(options.attention_dropout, 0);
  EXPECT_EQ(options.hop_dropout, 0.3);
  EXPECT_EQ(options.hidden_dropout, 0.2);
  EXPECT_GE(options.threads, 1);
}

TEST(TrainingOptions, DropATenthWhereTheConfigIsSilent) {
  TrainingOptions options;
  options.threads = 3;
  ASSERT_TRUE(ResolveTrainingOptions("{}", "config.json", options).ok());
  EXPECT_EQ(options.attention_dropout, 0.1);
  EXPECT_EQ(options.hop_dropout, 0.1);
  EXPECT_EQ(options.hidden_dropout, 0.1);
  EXPECT_EQ(options.threads, 3);
}

TEST(TrainingOptions, NameTheConfigsKeyThatIsWrong) {
  TrainingOptions options;
  const absl::Status status =
      ResolveTrainingOptions(R"({"hidden_dropout_prob": "much"})", "config.json", options);
  EXPECT_EQ(std::string(status.message()),
            "config.json: key \"hidden_dropout_prob\": found \"much\", expected a number from 0 to "
            "below 1");
}

}  // namespace
}  // namespace diffuser::training
