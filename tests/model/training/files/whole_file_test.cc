#include "model/training/files/whole_file.h"

#include <filesystem>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;

std::string Folder(const std::string& name) {
  const std::string folder = ::testing::TempDir() + "whole_file_" + name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

TEST(WriteWholeFile, MakesAndReplaces) {
  const std::string path = Folder("replaces") + "/file";
  ASSERT_TRUE(WriteWholeFile(path, "a longer first text").ok());
  ASSERT_TRUE(WriteWholeFile(path, std::string("second\0text", 11)).ok());
  EXPECT_EQ(*ReadWholeFile(path), std::string("second\0text", 11));
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(WriteWholeFile, LeavesWhatWasThereIfItCannotWrite) {
  const std::string folder = Folder("keeps");
  ASSERT_TRUE(WriteWholeFile(folder + "/file", "first").ok());
  std::filesystem::create_directory(folder + "/file.new");  // in the way
  const absl::Status status = WriteWholeFile(folder + "/file", "second");
  EXPECT_THAT(status.message(), HasSubstr("/file.new: cannot be made"));
  EXPECT_EQ(*ReadWholeFile(folder + "/file"), "first");
}

TEST(WriteWholeFile, SaysThatTheDiskIsFull) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const std::string path = Folder("full") + "/file";
  ASSERT_TRUE(WriteWholeFile(path, "first").ok());
  std::filesystem::create_symlink("/dev/full", path + ".new");
  EXPECT_EQ(WriteWholeFile(path, "second").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(*ReadWholeFile(path), "first");
}

TEST(ReadWholeFile, NamesTheFileThatIsNotThere) {
  const auto text = ReadWholeFile(Folder("missing") + "/file");
  EXPECT_EQ(text.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(text.status().message(), HasSubstr("missing/file"));
}

}  // namespace
}  // namespace diffuser::training
