#include "model/training/evaluation/score_tables.h"

#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The scores of scores_test's four documents, one label more, and the first two as a group.
ScoreReport Report() {
  return {.labels = {"MIT", "BSD|3", "ISC", "Zlib"},
          .scores = ComputeScores({{0, 1}, {1}, {}, {0}}, {{0}, {1, 2}, {0}, {0}}, 4),
          .groups = {{"npm", ComputeScores({{0, 1}, {1}}, {{0}, {1, 2}}, 4)}},
          .thresholds = {}};
}

TEST(ScoresAsText, ListsMeansGroupsAndTheLabelsThatOccurMostFirst) {
  EXPECT_EQ(ScoresAsText(Report()),
            "Documents: 4, exact match: 0.2500\n"
            "\n"
            "mean                 precision  recall      F1\n"
            "micro                   0.7500  0.6000  0.6667\n"
            "macro over 3 labels     0.5000  0.5556  0.4889\n"
            "\n"
            "group  documents  micro P  micro R  micro F1  macro F1  exact match\n"
            "npm            2   0.6667   0.6667    0.6667    0.5556       0.0000\n"
            "\n"
            "label  documents  right  wrong  missed  precision  recall      F1\n"
            "MIT            3      2      0       1     1.0000  0.6667  0.8000\n"
            "BSD|3          1      1      1       0     0.5000  1.0000  0.6667\n"
            "ISC            1      0      0       1     0.0000  0.0000  0.0000\n");
}

TEST(ScoresAsMarkdown, HasTheSameTables) {
  const std::string text = ScoresAsMarkdown(Report());
  EXPECT_THAT(text, HasSubstr("| micro | 0.7500 | 0.6000 | 0.6667 |\n"));
  EXPECT_THAT(text, HasSubstr("| BSD\\|3 | 1 | 1 | 1 | 0 | 0.5000 | 1.0000 | 0.6667 |\n"));
  EXPECT_THAT(text, Not(HasSubstr("Zlib")));
}

TEST(ScoresAsJson, NamesEveryNumber) {
  const auto json = ScoresAsJson(Report());
  EXPECT_EQ(json["documents"], 4);
  EXPECT_EQ(json["exact_match"], 0.25);
  EXPECT_EQ(json["micro"]["precision"], 0.75);
  EXPECT_EQ(json["macro"]["labels"], 3);
  EXPECT_EQ(json["labels"]["BSD|3"]["false_positives"], 1);
  EXPECT_EQ(json["labels"]["Zlib"]["support"], 0);
  EXPECT_EQ(json["groups"]["npm"]["documents"], 2);
  EXPECT_FALSE(json["groups"]["npm"].contains("labels"));
}

TEST(ScoreTables, ShowThresholdsWhereThereAreSome) {
  ScoreReport report = Report();
  report.thresholds = {0.5f, 0.25f, 0.125f, 0.75f};
  EXPECT_THAT(ScoresAsMarkdown(report), HasSubstr("| F1 | threshold |\n"));
  EXPECT_THAT(ScoresAsMarkdown(report), HasSubstr("| 0.6667 | 0.2500 |\n"));
  EXPECT_EQ(ScoresAsJson(report)["labels"]["Zlib"]["threshold"], 0.75);
}

TEST(ScoresAsJson, HasNoGroupsWhereThereAreNone) {
  ScoreReport report = Report();
  report.groups.clear();
  EXPECT_FALSE(ScoresAsJson(report).contains("groups"));
}

}  // namespace
}  // namespace diffuser::training
