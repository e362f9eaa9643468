#include "tests/bench/history.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "model/checkpoint/mapped_file.h"
#include "tests/bench/results_json.h"

namespace diffuser::bench {

absl::Status CheckWritable(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  if (std::filesystem::is_directory(path)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is a folder; expected a file"));
  }
  const std::string& asked = access(path.c_str(), F_OK) == 0 ? path : folder;
  if (access(asked.c_str(), W_OK) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": cannot be written: ", std::strerror(errno)));
}

absl::Status AppendToHistory(const std::string& path, const RunResult& run) {
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << absl::StrCat(ToJson(run).dump(), "\n");
  file.close();
  if (file) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(path, ": cannot be written"));
}

absl::StatusOr<std::vector<RunResult>> ReadHistory(const std::string& path) {
  const auto file = checkpoint::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  const absl::string_view text(reinterpret_cast<const char*>(file->bytes().data()),
                               file->bytes().size());
  std::vector<RunResult> runs;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    auto run = ParseRun(line, absl::StrCat(path, ", line ", number));
    if (!run.ok()) return run.status();
    runs.push_back(*std::move(run));
  }
  return runs;
}

}  // namespace diffuser::bench
