#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/training/data/examples.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TemporaryFolder;

ExampleFile Read(std::string_view content, std::string_view name = "train.jsonl") {
  const TemporaryFolder folder;
  auto read = ReadExamples(folder.Write(name, content));
  EXPECT_TRUE(read.ok()) << read.status();
  return read.value_or(ExampleFile());
}

// The error of a file, its folder cut from the names in it.
std::string ErrorOf(std::string_view content) {
  const TemporaryFolder folder;
  const auto read = ReadExamples(folder.Write("train.jsonl", content));
  EXPECT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << read.status();
  std::string message(read.status().message());
  const std::string cut = folder.path() + "/";
  for (size_t at = message.find(cut); at != message.npos; at = message.find(cut)) {
    message.erase(at, cut.size());
  }
  return message;
}

TEST(JsonLines, ReadsOneLabelALine) {
  const ExampleFile file = Read(
      "{\"text\": \"Fine \\u00e9\", \"label\": \"good\", \"id\": [1]}\n"
      "\n"
      "{\"text\": \"a\\nb\", \"label\": 3}\r\n"
      "{\"text\": \"c\", \"label\": 1.5}");
  EXPECT_FALSE(file.multi_label);
  ASSERT_EQ(file.examples.size(), 3u);
  EXPECT_EQ(file.examples[0].text, "Fine é");
  EXPECT_THAT(file.examples[0].labels, ElementsAre("good"));
  EXPECT_EQ(file.examples[1].text, "a\nb");
  EXPECT_THAT(file.examples[1].labels, ElementsAre("3"));
  EXPECT_EQ(file.examples[1].line, 3);
  EXPECT_EQ(file.examples[1].file, file.path);
  EXPECT_THAT(file.examples[2].labels, ElementsAre("1.5"));
}

TEST(JsonLines, ReadsListsOfLabels) {
  const ExampleFile file = Read(
      "\xEF\xBB\xBF{\"text\": \"a\", \"labels\": [\"x\", 2, \"x\"]}\n{\"text\": \"b\", \"labels\": "
      "[]}\n",
      "train.NDJSON");
  EXPECT_TRUE(file.multi_label);
  ASSERT_EQ(file.examples.size(), 2u);
  EXPECT_THAT(file.examples[0].labels, ElementsAre("x", "2"));
  EXPECT_THAT(file.examples[1].labels, IsEmpty());
}

TEST(JsonLines, ReadsAnEmptyFileAsNoExamples) { EXPECT_THAT(Read("").examples, IsEmpty()); }

struct Fault {
  const char* line;
  const char* message;
};

class JsonLineFault : public ::testing::TestWithParam<Fault> {};

TEST_P(JsonLineFault, IsReportedWithItsLine) {
  const std::string good = R"({"text": "t", "label": "l"})";
  const std::string message = ErrorOf(good + "\n" + GetParam().line + "\n" + good + "\n");
  EXPECT_THAT(message, HasSubstr("train.jsonl: 1 of 3 lines cannot be used:\n  train.jsonl:2: "));
  EXPECT_THAT(message, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, JsonLineFault,
    ::testing::Values(
        Fault{"text, label", "found no JSON object"}, Fault{"{\"text\": \"t\"", "column"},
        Fault{"[1]", "found a list of 1, expected a JSON object"},
        Fault{"{\"text\": \"t\", \"label\": \"l\"} {}", "found no JSON object"},
        Fault{"{\"text\": \"\xFF\", \"label\": \"l\"}", "found no JSON object"},
        Fault{"{\"label\": \"l\"}", "no field \"text\""},
        Fault{"{\"text\": 5, \"label\": \"l\"}", "\"text\": found 5, expected a string"},
        Fault{"{\"text\": null, \"label\": \"l\"}", "\"text\": found null, expected a string"},
        Fault{"{\"text\": \" \\n\", \"label\": \"l\"}", "the text is empty"},
        Fault{"{\"text\": \"t\"}", "neither a field \"label\" nor \"labels\""},
        Fault{"{\"text\": \"t\", \"label\": \"l\", \"labels\": []}", "both a field \"label\" and"},
        Fault{"{\"text\": \"t\", \"label\": [\"l\"]}",
              "\"label\": found a list of 1, expected a string or a number"},
        Fault{"{\"text\": \"t\", \"label\": true}", "\"label\": found true"},
        Fault{"{\"text\": \"t\", \"label\": \"\"}", "a label is empty"},
        Fault{"{\"text\": \"t\", \"labels\": [\"l\"]}",
              "a field \"labels\" where line 1 has \"label\""}));

TEST(JsonLines, ReportsFaultsWithinLists) {
  EXPECT_THAT(ErrorOf("{\"text\": \"t\", \"labels\": \"l\"}"),
              HasSubstr("\"labels\": found \"l\", expected a list"));
  EXPECT_THAT(ErrorOf("{\"text\": \"t\", \"labels\": [[]]}"),
              HasSubstr("\"labels\": found a list of 0, expected a string or a number"));
}

TEST(JsonLines, CountsAllFaultsAndShowsTen) {
  std::string content = "{\"text\": \"t\", \"label\": \"l\"}\n";
  for (int i = 0; i < 12; ++i) content += "broken\n";
  const std::string message = ErrorOf(content);
  EXPECT_THAT(message, HasSubstr("train.jsonl: 12 of 13 lines cannot be used:"));
  EXPECT_THAT(message, HasSubstr("\n  train.jsonl:11: "));
  EXPECT_THAT(message, Not(HasSubstr("train.jsonl:12: ")));
  EXPECT_THAT(message, HasSubstr("\n  and 2 more"));
}

}  // namespace
}  // namespace diffuser::training
