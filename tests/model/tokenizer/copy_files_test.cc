#include "model/tokenizer/copy_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/temporary_folder.h"

namespace diffuser::tokenizer {
namespace {

using ::testing::ElementsAre;
using testing::ReadFile;
using testing::TemporaryFolder;

TEST(CopyTokenizerFiles, CopiesTheTokenizerAlone) {
  const TemporaryFolder folder;
  folder.Write("from/vocab.json", "v");
  folder.Write("from/merges.txt", "m");
  folder.Write("from/config.json", "not a tokenizer's");
  folder.Write("to/notes.md", "kept");
  const auto copied = CopyTokenizerFiles(folder.path("from"), folder.path("to"));
  ASSERT_TRUE(copied.ok()) << copied.status();
  EXPECT_THAT(*copied, ElementsAre("vocab.json", "merges.txt"));
  EXPECT_EQ(ReadFile(folder.path("to/vocab.json")), "v");
  EXPECT_EQ(ReadFile(folder.path("to/notes.md")), "kept");
  EXPECT_FALSE(std::filesystem::exists(folder.path("to/config.json")));
}

TEST(CopyTokenizerFiles, RemovesAnotherTokenizersFiles) {
  const TemporaryFolder folder;
  folder.Write("from/vocab.json", "v");
  folder.Write("from/merges.txt", "m");
  folder.Write("to/tokenizer.json", "would be loaded in their place");
  ASSERT_TRUE(CopyTokenizerFiles(folder.path("from"), folder.path("to")).ok());
  EXPECT_FALSE(std::filesystem::exists(folder.path("to/tokenizer.json")));
}

TEST(CopyTokenizerFiles, LeavesThemAloneWhereBothFoldersAreOne) {
  const TemporaryFolder folder;
  folder.Write("tokenizer.json", "t");
  ASSERT_TRUE(CopyTokenizerFiles(folder.path(), folder.path()).ok());
  EXPECT_EQ(ReadFile(folder.path("tokenizer.json")), "t");
}

TEST(CopyTokenizerFiles, SaysThatTheDiskIsFull) {
  const TemporaryFolder folder;
  folder.Write("from/tokenizer.json", "new");
  folder.Write("to/tokenizer.json", "old");
  std::filesystem::create_symlink("/dev/full", folder.path("to/tokenizer.json.partial"));
  EXPECT_EQ(CopyTokenizerFiles(folder.path("from"), folder.path("to")).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReadFile(folder.path("to/tokenizer.json")), "old");
}

}  // namespace
}  // namespace diffuser::tokenizer
