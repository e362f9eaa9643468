#ifndef DIFFUSER_TESTS_TESTING_TEMPORARY_FOLDER_H_
#define DIFFUSER_TESTS_TESTING_TEMPORARY_FOLDER_H_

#include <filesystem>
#include <string>
#include <string_view>

namespace diffuser::testing {

// A new empty folder, removed with all that is in it at the end of its scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_.string(); }
  // The path of the file or folder `name` in it.
  std::string path(std::string_view name) const { return (path_ / name).string(); }
  // Writes the file `name`, the folders that it is in included, and returns its path.
  std::string Write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

// The content of a file that must be there.
std::string ReadFile(const std::filesystem::path& path);

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_TEMPORARY_FOLDER_H_
