#include "model/tokenizer/text_source.h"

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::tokenizer {
namespace {

using ::diffuser::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The documents of `inputs`, and what came of reading them.
std::pair<absl::Status, std::vector<std::string>> Read(const std::vector<std::string>& inputs) {
  std::vector<std::string> texts;
  const auto files = FindTextFiles(inputs);
  if (!files.ok()) return {files.status(), texts};
  const absl::Status status = VisitTexts(*files, [&](absl::string_view text, int64_t bytes) {
    EXPECT_GE(bytes, static_cast<int64_t>(text.size()));
    texts.emplace_back(text);
    return absl::OkStatus();
  });
  return {status, texts};
}

TEST(TextSource, ReadsTheTextOfJsonLines) {
  const TemporaryFolder folder;
  folder.Write("a.JSONL", "{\"text\": \"one\\n\\u00e9\", \"label\": 1}\r\n\n{\"text\": \"two\"}");
  const auto [status, texts] = Read({folder.path("a.JSONL")});
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(texts, ElementsAre("one\n\u00e9", "two"));
}

TEST(TextSource, ReadsFoldersInOrderOfTheirPaths) {
  const TemporaryFolder folder;
  std::filesystem::create_directories(folder.path("b/deep"));
  std::filesystem::create_directories(folder.path(".git"));
  folder.Write("z.txt", "last");
  folder.Write("b/deep/a", "middle");
  folder.Write("a.jsonl", "{\"text\": \"first\"}\n");
  folder.Write(".hidden", "never");
  folder.Write(".git/object", "never");
  const auto [status, texts] = Read({folder.path()});
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(texts, ElementsAre("first", "middle", "last"));
}

TEST(TextSource, NamesEveryFaultyLine) {
  const TemporaryFolder folder;
  folder.Write("a.jsonl", "{\"text\": \"good\"}\n{\"text\": 1}\n[]\n{broken\n{\"label\": 1}\n");
  folder.Write("b.jsonl", "{\"text\": \"\xff\"}\n");
  const auto [status, texts] = Read({folder.path("a.jsonl"), folder.path("b.jsonl")});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      std::string(status.message()),
      AllOf(HasSubstr("5 faults"), HasSubstr("a.jsonl:2: \"text\": found 1, expected a string"),
            HasSubstr("a.jsonl:3: "), HasSubstr("a.jsonl:4: "), HasSubstr("a.jsonl:5: no field"),
            HasSubstr("b.jsonl:1: "), Not(HasSubstr("more"))));
  EXPECT_THAT(texts, ElementsAre("good"));
}

TEST(TextSource, CountsTheFaultsBeyondTheFirstTen) {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 25; ++i) absl::StrAppend(&lines, "bad\n");
  folder.Write("a.jsonl", lines);
  EXPECT_THAT(std::string(Read({folder.path("a.jsonl")}).first.message()),
              AllOf(HasSubstr("25 faults"), HasSubstr("a.jsonl:10:"), Not(HasSubstr("jsonl:11:")),
                    HasSubstr("and 15 more")));
}

TEST(TextSource, EndsAtAnErrorThatIsNotTheDocuments) {
  const TemporaryFolder folder;
  folder.Write("a.jsonl", "{\"text\": \"one\"}\n{\"text\": \"two\"}\n");
  const auto files = FindTextFiles({folder.path("a.jsonl")});
  ASSERT_TRUE(files.ok()) << files.status();
  int visits = 0;
  const absl::Status status = VisitTexts(*files, [&](absl::string_view, int64_t) {
    ++visits;
    return absl::InternalError("no more");
  });
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(visits, 1);
}

TEST(TextSource, SaysWhatIsNoSource) {
  EXPECT_EQ(Read({"/absent/file"}).first.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Read({"/dev/null"}).first.code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace diffuser::tokenizer
