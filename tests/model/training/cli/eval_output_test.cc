#include "model/training/cli/eval_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace diffuser::training {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

const EvalSpeed kSpeed = {
    .documents = 4, .tokens = 1000, .windows = 5, .time = absl::Milliseconds(500)};

ScoreReport Report() {
  return {.labels = {"no", "yes"},
          .scores = ComputeScores({{0}, {1}}, {{0}, {0}}, 2),
          .groups = {},
          .thresholds = {}};
}

TEST(FormatEvaluation, TellsTheSpeedAfterTheScores) {
  for (const auto format : {ScoreFormat::kTable, ScoreFormat::kMarkdown}) {
    EXPECT_THAT(FormatEvaluation(Report(), kSpeed, std::nullopt, format),
                EndsWith("\n\n4 documents, 1000 tokens in 5 windows, 0.50 s: 2000 tokens/s, 125.0 "
                         "ms a document\n"));
  }
}

TEST(FormatEvaluation, WritesAllOfItAsOneLineOfJson) {
  const std::string text = FormatEvaluation(Report(), kSpeed, std::nullopt, ScoreFormat::kJson);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["micro"]["f1"], 0.5);
  EXPECT_EQ(json["speed"]["tokens_per_second"], 2000);
  EXPECT_EQ(json["speed"]["milliseconds_per_document"], 125);
}

TEST(FormatEvaluation, TellsHowFarPrecisionsAgree) {
  const PrecisionAgreement compared = {.precision = "int8",
                                       .other = "float32",
                                       .agreement = {.documents = 8,
                                                     .same_top_label = 7,
                                                     .same_labels = 6,
                                                     .largest_logit_difference = 0.25,
                                                     .mean_logit_difference = 0.0625,
                                                     .largest_score_difference = 0.125}};
  EXPECT_THAT(
      FormatEvaluation(Report(), kSpeed, compared, ScoreFormat::kTable),
      EndsWith("int8 against float32: the same highest label for 87.50 % of the documents, "
               "the same labels for 75.00 %;\nlogits differ by at most 0.2500 and by 0.0625 "
               "on average, scores by at most 0.1250\n"));
  const auto json =
      nlohmann::json::parse(FormatEvaluation(Report(), kSpeed, compared, ScoreFormat::kJson));
  EXPECT_EQ(json["agreement"]["same_top_label"], 7);
  EXPECT_EQ(json["agreement"]["other"], "float32");
}

TEST(FormatEvaluation, HasNoRatesWithoutTime) {
  const std::string text = FormatEvaluation(Report(), {}, std::nullopt, ScoreFormat::kTable);
  EXPECT_THAT(text, HasSubstr("0.00 s: 0 tokens/s, 0.0 ms a document"));
}

TEST(FormatPredictions, GivesALineADocument) {
  EvaluationData data;
  data.file.examples = {{.text = "a", .labels = {"yes"}, .file = "d.jsonl", .line = 1},
                        {.text = "b", .labels = {}, .file = "d.jsonl", .line = 3}};
  data.truth.push_back({1});
  data.truth.push_back({});
  data.names = {"first", "d.jsonl:3"};
  data.groups = {"npm", "deb"};
  ScoreMatrix scores(2);
  scores.Append({0.1f, 0.9f});
  scores.Append({0.05f, 0.6f});
  EXPECT_EQ(FormatPredictions(data, scores, {{1}, {1}}, {"no", "yes"}),
            "{\"name\":\"first\",\"at\":\"d.jsonl:1\",\"group\":\"npm\",\"right\":true,"
            "\"labels\":[\"yes\"],\"predicted\":[\"yes\"],\"scores\":{\"yes\":0.9,\"no\":0.1}}\n"
            "{\"name\":\"d.jsonl:3\",\"at\":\"d.jsonl:3\",\"group\":\"deb\",\"right\":false,"
            "\"labels\":[],\"predicted\":[\"yes\"],\"scores\":{\"yes\":0.6}}\n");
}

}  // namespace
}  // namespace diffuser::training
