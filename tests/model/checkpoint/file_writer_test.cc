#include "model/checkpoint/file_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/testing/temporary_folder.h"

namespace diffuser::checkpoint {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::TemporaryFolder;

TEST(FileWriter, PutsTheFileInPlaceOnlyAtTheEnd) {
  const TemporaryFolder folder;
  const std::string path = folder.path("file");
  folder.Write("file", "old");
  auto file = FileWriter::Create(path);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(file->Append("new ").ok());
  ASSERT_TRUE(file->Append("text").ok());
  EXPECT_EQ(ReadFile(path), "old");
  const absl::Status committed = file->Commit();
  ASSERT_TRUE(committed.ok()) << committed;
  EXPECT_EQ(ReadFile(path), "new text");
  EXPECT_FALSE(fs::exists(path + ".partial"));
}

TEST(FileWriter, LeavesTheOldFileWhereItIsDropped) {
  const TemporaryFolder folder;
  folder.Write("file", "old");
  {
    auto file = FileWriter::Create(folder.path("file"));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE(file->Append("half").ok());
    const FileWriter moved = *std::move(file);
  }
  EXPECT_EQ(ReadFile(folder.path("file")), "old");
  EXPECT_FALSE(fs::exists(folder.path("file.partial")));
}

TEST(FileWriter, OverwritesWhatAKilledOneLeft) {
  const TemporaryFolder folder;
  folder.Write("file.partial", "much more than is written now");
  ASSERT_TRUE(WriteFileAtomically(folder.path("file"), "short").ok());
  EXPECT_EQ(ReadFile(folder.path("file")), "short");
}

TEST(FileWriter, NamesFileAndBytesWhereTheDiskIsFull) {
  const TemporaryFolder folder;
  folder.Write("file", "old");
  fs::create_symlink("/dev/full", folder.path("file.partial"));
  const absl::Status status = WriteFileAtomically(folder.path("file"), "12345");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(folder.path("file")), HasSubstr("5 bytes")));
  EXPECT_EQ(ReadFile(folder.path("file")), "old");
}

TEST(FileWriter, SaysWhereTheFolderIsAbsent) {
  const TemporaryFolder folder;
  const absl::Status status = WriteFileAtomically(folder.path("absent/file"), "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("absent/file"));
}

TEST(FileWriter, LeavesTheOldFileWhereItCannotBegin) {
  const TemporaryFolder folder;
  folder.Write("file", "old");
  fs::create_directory(folder.path("file.partial"));  // in the way
  const absl::Status status = WriteFileAtomically(folder.path("file"), "new");
  EXPECT_THAT(std::string(status.message()), HasSubstr("file: cannot create"));
  EXPECT_EQ(ReadFile(folder.path("file")), "old");
}

TEST(FileWriter, DoesNotReplaceAFolder) {
  const TemporaryFolder folder;
  fs::create_directory(folder.path("taken"));
  EXPECT_FALSE(WriteFileAtomically(folder.path("taken"), "x").ok());
  EXPECT_TRUE(fs::is_directory(folder.path("taken")));
  EXPECT_FALSE(fs::exists(folder.path("taken.partial")));
}

}  // namespace
}  // namespace diffuser::checkpoint
