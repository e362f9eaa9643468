#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/checkpoint/mapped_file.h"
#include "model/training/data/example_collector.h"
#include "model/training/data/readers.h"

namespace diffuser::training {
namespace {

namespace fs = std::filesystem;

// The entries of a folder that `keep` wants, in the order of their bytes.
template <typename Keep>
absl::StatusOr<std::vector<fs::path>> List(const fs::path& folder, const Keep& keep) {
  std::error_code error;
  std::vector<fs::path> entries;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (entry->path().filename().string().front() != '.' && keep(*entry)) {
      entries.push_back(entry->path());
    }
  }
  if (error) {
    return absl::PermissionDeniedError(
        absl::StrCat(folder.string(), ": cannot be listed: ", error.message()));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

bool IsFolder(const fs::directory_entry& entry) {
  std::error_code ignored;
  return entry.is_directory(ignored);
}

bool IsText(const fs::directory_entry& entry) {
  return entry.path().extension() == ".txt" && !IsFolder(entry);
}

void ReadDocument(const fs::path& path, const std::string& label, ExampleCollector& collector) {
  const absl::StatusOr<checkpoint::MappedFile> file = checkpoint::MappedFile::Open(path.string());
  if (!file.ok()) {
    collector.Fail(file.status());
    return;
  }
  absl::string_view text = checkpoint::AsText(file->bytes());
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  collector.Add({std::string(text), {label}, path.string(), 1});
}

}  // namespace

absl::StatusOr<ExampleFile> ReadFolder(const std::string& path) {
  const auto folders = List(path, IsFolder);
  if (!folders.ok()) return folders.status();
  if (folders->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": found no folder in it, expected one a label, with .txt files"));
  }
  ExampleCollector collector(path, "files");
  for (const fs::path& folder : *folders) {
    const auto files = List(folder, IsText);
    if (!files.ok()) return files.status();
    if (files->empty()) {
      return absl::InvalidArgumentError(absl::StrCat(folder.string(), ": found no .txt file"));
    }
    for (const fs::path& file : *files) {
      ReadDocument(file, folder.filename().string(), collector);
    }
  }
  return std::move(collector).Finish();
}

}  // namespace diffuser::training
