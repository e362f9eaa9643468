#include "model/training/cli/eval_data.h"

#include <gmock/gmock.h>

#include "tests/model/training/cli/eval_fixture.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using EvalData = EvalTest;

TEST_F(EvalData, LooksUpLabelsInTheModelsOrder) {
  const auto data = ReadEvaluationData(Options("a.jsonl",
                                               "{\"text\": \"a\", \"labels\": [\"yes\", \"no\"]}\n"
                                               "{\"text\": \"b\", \"labels\": []}\n"),
                                       MultiLabelConfig());
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(data->truth, ElementsAre(ElementsAre(0, 1), IsEmpty()));
  EXPECT_THAT(data->groups, IsEmpty());
}

TEST_F(EvalData, NamesTheLabelsThatTheModelLacks) {
  EvalOptions options = Options("a.jsonl", "{\"text\": \"a\", \"labels\": [\"yes\", \"maybe\"]}\n");
  EXPECT_THAT(std::string(ReadEvaluationData(options, MultiLabelConfig()).status().message()),
              HasSubstr("the model does not know 1 label: \"maybe\""));
  options.ignore_unknown_labels = true;
  const auto data = ReadEvaluationData(options, MultiLabelConfig());
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(data->truth, ElementsAre(ElementsAre(1)));
  EXPECT_EQ(data->ignored_labels, 1);
}

TEST_F(EvalData, RefusesManyLabelsForASingleLabelModel) {
  const EvalOptions options =
      Options("a.jsonl", "\n{\"text\": \"a\", \"labels\": [\"yes\", \"no\"]}\n");
  EXPECT_THAT(std::string(ReadEvaluationData(options, testing::SmallConfig()).status().message()),
              HasSubstr("a.jsonl:2: found 2 labels, expected one"));
}

TEST_F(EvalData, TakesSingleLabelsForAMultiLabelModel) {
  const auto data = ReadEvaluationData(Options("a.csv", "text,label\nx,yes\n"), MultiLabelConfig());
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(data->truth, ElementsAre(ElementsAre(1)));
}

TEST_F(EvalData, ReportsFaultyLinesByFileAndLine) {
  const auto data = ReadEvaluationData(
      Options("a.jsonl", "{\"text\": \"a\", \"label\": \"yes\"}\n{\"text\": 7}\nx\n"),
      MultiLabelConfig());
  const std::string message(data.status().message());
  EXPECT_THAT(message, HasSubstr("2 of 3 lines"));
  EXPECT_THAT(message, HasSubstr("a.jsonl:2: "));
  EXPECT_THAT(message, HasSubstr("a.jsonl:3: "));
}

TEST_F(EvalData, GroupsByAFieldAndNamesByAnother) {
  EvalOptions options =
      Options("a.jsonl",
              "{\"text\": \"a\", \"label\": \"yes\", \"source\": \"npm\", \"name\": \"left-pad\"}\n"
              "{\"text\": \"b\", \"label\": \"no\"}\n");
  options.group_by = "source";
  options.predictions = "wanted";
  const auto data = ReadEvaluationData(options, testing::SmallConfig());
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(data->groups, ElementsAre("npm", "(none)"));
  EXPECT_THAT(data->names, ElementsAre("left-pad", options.data + ":2"));
}

TEST_F(EvalData, RefusesToGroupByWhatIsNotThere) {
  EvalOptions lines = Options("a.jsonl", "{\"text\": \"a\", \"label\": \"yes\"}\n");
  lines.group_by = "source";
  EXPECT_THAT(std::string(ReadEvaluationData(lines, testing::SmallConfig()).status().message()),
              HasSubstr("no line has a field \"source\""));
  EvalOptions table = Options("a.CSV", "text,label\nx,yes\n");
  table.group_by = "source";
  EXPECT_THAT(std::string(ReadEvaluationData(table, testing::SmallConfig()).status().message()),
              HasSubstr("--group_by: is for JSON lines"));
}

}  // namespace
}  // namespace diffuser::training
