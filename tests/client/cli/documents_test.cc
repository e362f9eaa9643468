#include "client/cli/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace diffuser::cli {
namespace {

using ::testing::ElementsAre;

absl::StatusOr<v1::Document> ReadInput(const std::string& bytes,
                                       const DocumentFormat& format = {}) {
  std::istringstream in(bytes);
  return ReadDocument("-", in, format);
}

TEST(ReadDocument, ReadsAFileWhole) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/document-", getpid());
  const std::string text = std::string(200'000, 'x') + "\nZürich\n";
  std::ofstream(path) << text;
  std::istringstream none;
  const auto document = ReadDocument(path, none, {});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->id(), path);
  EXPECT_EQ(document->text(), text);
}

TEST(ReadDocument, ReadsStandardInput) {
  const auto document = ReadInput("one\ntwo");
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->id(), "-");
  EXPECT_EQ(document->text(), "one\ntwo");
}

TEST(ReadDocument, SaysWhatIsWrong) {
  std::istringstream none;
  EXPECT_EQ(ReadDocument("/no/such/file", none, {}).status(),
            absl::NotFoundError("cannot be read: No such file or directory"));
  EXPECT_EQ(ReadDocument("/tmp", none, {}).status(), absl::InvalidArgumentError("is a directory"));
  EXPECT_EQ(ReadInput("").status(), absl::InvalidArgumentError("is empty"));
  EXPECT_EQ(ReadInput("ab\xFF").status(), absl::InvalidArgumentError("is not UTF-8 at byte 2"));
}

TEST(ReadDocument, StopsAtItsLimit) {
  EXPECT_TRUE(ReadInput("12345", {.max_bytes = 5}).ok());
  EXPECT_EQ(ReadInput("123456", {.max_bytes = 5}).status(),
            absl::InvalidArgumentError("is longer than 5 bytes"));
}

TEST(ReadDocument, ReadsTokenIds) {
  const auto document = ReadInput(" 0 31414\n\t232\r\n2 4294967295", {.token_ids = true});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_THAT(document->token_ids().ids(), ElementsAre(0, 31414, 232, 2, 4294967295u));
  EXPECT_FALSE(document->has_text());
}

TEST(ReadDocument, RefusesWhatIsNoTokenId) {
  for (const char* bad : {"1 x 2", "1,2", "-1", "4294967296", "1.5", " \n"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReadInput(bad, {.token_ids = true}).status())) << bad;
  }
}

}  // namespace
}  // namespace diffuser::cli
