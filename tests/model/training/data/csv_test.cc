#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/training/data/examples.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

ExampleFile Read(std::string_view content, const ReadOptions& options = {},
                 std::string_view name = "train.csv") {
  const TemporaryFolder folder;
  auto read = ReadExamples(folder.Write(name, content), options);
  EXPECT_TRUE(read.ok()) << read.status();
  return read.value_or(ExampleFile());
}

std::string ErrorOf(std::string_view content, const ReadOptions& options = {}) {
  const TemporaryFolder folder;
  const auto read = ReadExamples(folder.Write("train.csv", content), options);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << read.status();
  return std::string(read.status().message());
}

TEST(Csv, ReadsColumnsByName) {
  const ExampleFile file = Read("id,label,text\r\n1,good,fine words\r\n2,bad, spaced \r\n");
  EXPECT_FALSE(file.multi_label);
  ASSERT_EQ(file.examples.size(), 2u);
  EXPECT_EQ(file.examples[0].text, "fine words");
  EXPECT_THAT(file.examples[0].labels, ElementsAre("good"));
  EXPECT_EQ(file.examples[1].text, " spaced ");
  EXPECT_EQ(file.examples[1].line, 3);
}

TEST(Csv, KeepsSeparatorsNewlinesAndQuotesWithinQuotes) {
  const ExampleFile file = Read(
      "text,label\n"
      "\"one, \"\"two\"\"\nthree\r\n\nfour\",good\n"
      "\n"
      "plain,\"bad\"");
  ASSERT_EQ(file.examples.size(), 2u);
  EXPECT_EQ(file.examples[0].text, "one, \"two\"\nthree\r\n\nfour");
  EXPECT_EQ(file.examples[0].line, 2);
  EXPECT_EQ(file.examples[1].text, "plain");
  EXPECT_EQ(file.examples[1].line, 7);
  EXPECT_THAT(file.examples[1].labels, ElementsAre("bad"));
}

TEST(Csv, ReadsTabsInTsv) {
  const ExampleFile file = Read("\xEF\xBB\xBFtext\tlabel\na, b\tx\n", {}, "train.tsv");
  ASSERT_EQ(file.examples.size(), 1u);
  EXPECT_EQ(file.examples[0].text, "a, b");
  EXPECT_THAT(file.examples[0].labels, ElementsAre("x"));
}

TEST(Csv, SplitsLabelsOfACell) {
  const ExampleFile file =
      Read("body,tags\na,x; y;x\nb,\n",
           {.text_column = "body", .label_column = "tags", .label_separator = ";"});
  EXPECT_TRUE(file.multi_label);
  ASSERT_EQ(file.examples.size(), 2u);
  EXPECT_THAT(file.examples[0].labels, ElementsAre("x", "y"));
  EXPECT_THAT(file.examples[1].labels, IsEmpty());
}

TEST(Csv, SaysWhichColumnIsMissingOrThereTwice) {
  EXPECT_THAT(ErrorOf("text,class\na,b\n"),
              HasSubstr("train.csv:1: found no column \"label\" among: text, class"));
  EXPECT_THAT(ErrorOf("text,label,text\na,b,c\n"),
              HasSubstr("train.csv:1: found more than one column \"text\""));
}

TEST(Csv, ReportsFaultyRowsWithTheLineTheyStartAt) {
  const std::string message = ErrorOf(
      "text,label\n"
      "\"a\nb\",x,y\n"
      "alone\n"
      ",x\n"
      "c,\n"
      "\xFF,x\n"
      "good,x\n");
  EXPECT_THAT(message, HasSubstr("5 of 6 rows cannot be used:"));
  EXPECT_THAT(message, HasSubstr("train.csv:2: found 3 columns, expected 2"));
  EXPECT_THAT(message, HasSubstr("train.csv:4: found 1 columns, expected 2"));
  EXPECT_THAT(message, HasSubstr("train.csv:5: the text is empty"));
  EXPECT_THAT(message, HasSubstr("train.csv:6: a label is empty"));
  EXPECT_THAT(message, HasSubstr("train.csv:7: the text is not UTF-8 at byte 0"));
}

TEST(Csv, ReportsAnEmptyLabelWithinACell) {
  EXPECT_THAT(ErrorOf("text,label\na,x;;y\n", {.label_separator = ";"}),
              HasSubstr("train.csv:2: a label is empty"));
}

TEST(Csv, ReportsQuotesThatBeginOrEndNoField) {
  EXPECT_THAT(ErrorOf("text,label\na \"b\" c,x\n"),
              HasSubstr("train.csv:2: a quote that neither begins nor ends a field"));
  EXPECT_THAT(ErrorOf("text,label\nc,x\n\"a,x\nb,y\n"),
              HasSubstr("train.csv:3: a quoted field that does not end"));
}

TEST(Csv, ReadsAnEmptyFileAsNoExamples) { EXPECT_THAT(Read("").examples, IsEmpty()); }

}  // namespace
}  // namespace diffuser::training
