#ifndef DIFFUSER_TESTS_MODEL_TRAINING_TEMPORARY_FOLDER_H_
#define DIFFUSER_TESTS_MODEL_TRAINING_TEMPORARY_FOLDER_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace diffuser::training {

// A new empty folder, removed with all that is in it at the end of its scope.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = ::testing::TempDir() + "training_XXXXXX";
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make " << name;
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_.string(); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

  // Writes a file, the folders that it is in included, and returns its path.
  std::string Write(std::string_view name, std::string_view content) const {
    const std::filesystem::path path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file << content;
    EXPECT_TRUE(file.flush()) << "cannot write " << path;
    return path.string();
  }

 private:
  std::filesystem::path path_;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_TESTS_MODEL_TRAINING_TEMPORARY_FOLDER_H_
