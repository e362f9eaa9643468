#include "model/training/data/label_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;

ExampleFile FileOf(std::string path, const std::vector<std::vector<std::string>>& labels) {
  ExampleFile file;
  file.path = std::move(path);
  for (const auto& names : labels) {
    file.examples.push_back({"text", names, file.path, 1});
  }
  return file;
}

std::string ErrorOf(const ExampleFile& train, const ExampleFile& eval) {
  const absl::Status status = CheckDataSets(train, eval);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(LabelSet, SortsTheLabelsOfTheData) {
  const LabelSet labels = LabelSet::Collect(FileOf("t", {{"b"}, {"a"}, {"b"}, {"C"}}));
  EXPECT_THAT(labels.names(), ElementsAre("C", "a", "b"));
  EXPECT_THAT(labels.Find("a"), Optional(1));
  EXPECT_THAT(labels.Find("d"), Eq(std::nullopt));
}

TEST(LabelSet, KeepsTheCheckpointsOrderWhereItKnowsAllLabels) {
  const ExampleFile file = FileOf("t", {{"a"}, {"b"}});
  EXPECT_THAT(LabelSet::Collect(file, {"b", "z", "a"}).names(), ElementsAre("b", "z", "a"));
  EXPECT_THAT(LabelSet::Collect(file, {"b", "z"}).names(), ElementsAre("a", "b"));
}

TEST(DataSets, AreGoodWhereBothHaveTheSameLabels) {
  EXPECT_TRUE(CheckDataSets(FileOf("t", {{"a"}, {"b"}}), FileOf("e", {{"b"}, {"a"}, {"a"}})).ok());
}

TEST(DataSets, MustNotBeEmpty) {
  const ExampleFile full = FileOf("full", {{"a"}, {"b"}});
  EXPECT_EQ(ErrorOf(FileOf("t", {}), full), "t: found no examples");
  EXPECT_EQ(ErrorOf(full, FileOf("e", {})), "e: found no examples");
}

TEST(DataSets, NeedTwoLabels) {
  EXPECT_EQ(ErrorOf(FileOf("t", {{"a"}}), FileOf("e", {{"a"}})),
            "t: found 1 label: \"a\", expected two or more");
}

TEST(DataSets, NeedEachTrainedLabelInTheEvaluationSet) {
  EXPECT_EQ(ErrorOf(FileOf("t", {{"a"}, {"b"}, {"c"}}), FileOf("e", {{"a"}})),
            "e: no example in the evaluation set of 2 labels: \"b\", \"c\"");
}

TEST(DataSets, NeedEachEvaluatedLabelInTheTrainingSet) {
  EXPECT_EQ(ErrorOf(FileOf("t", {{"a"}, {"b"}}), FileOf("e", {{"a"}, {"b"}, {"x"}})),
            "e: no example in the training set t of 1 label: \"x\"");
}

TEST(DataSets, MustBothHaveOneLabelOrListsOfThem) {
  ExampleFile lists = FileOf("e", {{"a"}, {"b"}});
  lists.multi_label = true;
  EXPECT_EQ(ErrorOf(FileOf("t", {{"a"}, {"b"}}), lists),
            "e: found lists of labels, expected one label a document as in t");
}

TEST(DataSets, ShowsTenLabelsOfMany) {
  ExampleFile train = FileOf("t", {{"a"}});
  for (int i = 10; i < 22; ++i) train.examples.push_back({"text", {std::to_string(i)}, "t", 1});
  EXPECT_THAT(ErrorOf(train, FileOf("e", {{"a"}})),
              ::testing::AllOf(::testing::HasSubstr("of 12 labels: \"10\", \"11\""),
                               ::testing::EndsWith("\"19\", …")));
}

TEST(LabelsOfAModel, MustCoverTheData) {
  const LabelSet labels({"a", "b"});
  EXPECT_TRUE(CheckLabelsKnown(FileOf("e", {{"a"}}), labels).ok());
  EXPECT_EQ(CheckLabelsKnown(FileOf("e", {{"a"}, {"x"}}), labels).message(),
            "e: the model does not know 1 label: \"x\"");
  EXPECT_EQ(CheckLabelsKnown(FileOf("e", {}), labels).message(), "e: found no examples");
}

}  // namespace
}  // namespace diffuser::training
