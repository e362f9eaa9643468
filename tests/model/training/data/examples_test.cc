#include "model/training/data/examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

TEST(ExampleFolder, ReadsAFolderALabelInOrder) {
  const TemporaryFolder folder;
  folder.Write("pos/2.txt", "good");
  folder.Write("pos/10.txt",
               "\xEF\xBB\xBF"
               "fine");
  folder.Write("neg/1.txt", "bad");
  folder.Write("neg/notes.md", "not read");
  folder.Write("urls.txt", "not read");
  folder.Write(".cache/1.txt", "not read");
  const auto file = ReadExamples(folder.path());
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->multi_label);
  std::vector<std::string> texts;
  for (const Example& example : file->examples) texts.push_back(example.text);
  EXPECT_THAT(texts, ElementsAre("bad", "fine", "good"));
  EXPECT_THAT(file->examples[0].labels, ElementsAre("neg"));
  EXPECT_THAT(file->examples[1].labels, ElementsAre("pos"));
  EXPECT_EQ(file->examples[1].file, folder.path("pos/10.txt"));
  EXPECT_EQ(file->examples[1].line, 1);
}

TEST(ExampleFolder, ReportsFilesThatAreEmptyOrNoUtf8) {
  const TemporaryFolder folder;
  folder.Write("a/1.txt", "");
  folder.Write("a/2.txt", "ab\xC3");
  folder.Write("a/3.txt", "fine");
  const auto file = ReadExamples(folder.path());
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
  const std::string message(file.status().message());
  EXPECT_THAT(message, HasSubstr("2 of 3 files cannot be used:"));
  EXPECT_THAT(message, HasSubstr(folder.path("a/1.txt") + ":1: the text is empty"));
  EXPECT_THAT(message, HasSubstr(folder.path("a/2.txt") + ":1: the text is not UTF-8 at byte 2"));
}

TEST(ExampleFolder, ReportsAFileThatCannotBeRead) {
  const TemporaryFolder folder;
  folder.Write("a/1.txt", "fine");
  std::filesystem::create_symlink("nowhere", folder.path("a/2.txt"));
  const auto file = ReadExamples(folder.path());
  EXPECT_THAT(std::string(file.status().message()),
              HasSubstr(folder.path("a/2.txt") + ": no such file"));
}

TEST(ExampleFolder, RefusesAFolderWithoutFoldersOrTexts) {
  const TemporaryFolder folder;
  folder.Write("1.txt", "text");
  EXPECT_THAT(std::string(ReadExamples(folder.path()).status().message()),
              HasSubstr("found no folder in it, expected one a label"));
  folder.Write("a/1.md", "text");
  EXPECT_THAT(std::string(ReadExamples(folder.path()).status().message()),
              HasSubstr("/a: found no .txt file"));
}

TEST(Examples, RefusesPathsOfNoForm) {
  const TemporaryFolder folder;
  EXPECT_EQ(ReadExamples(folder.path("missing.jsonl")).status().code(),
            absl::StatusCode::kNotFound);
  const auto file = ReadExamples(folder.Write("train.xlsx", "x"));
  EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(file.status().message()),
              HasSubstr("train.xlsx: found a file ending in \".xlsx\", expected .jsonl"));
}

}  // namespace
}  // namespace diffuser::training
