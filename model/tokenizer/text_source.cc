#include "model/tokenizer/text_source.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/fault_list.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/messages.h"

namespace diffuser::tokenizer {
namespace {

namespace fs = std::filesystem;
using checkpoint::FaultList;

absl::Status Failure(const std::error_code& error, const std::string& path) {
  return absl::ErrnoToStatus(error.value(), absl::StrCat(path, ": cannot be read"));
}

absl::Status AddFile(const std::string& path, std::vector<TextFile>& files) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (error) return Failure(error, path);
  files.push_back({path, checkpoint::IsJsonLines(path), static_cast<int64_t>(bytes)});
  return absl::OkStatus();
}

bool IsHidden(const fs::path& path) { return absl::StartsWith(path.filename().string(), "."); }

absl::Status AddFolder(const std::string& folder, std::vector<TextFile>& files) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code ignored;
    if (IsHidden(entry->path())) {
      if (entry->is_directory(ignored)) entry.disable_recursion_pending();
    } else if (entry->is_regular_file(ignored)) {
      paths.push_back(entry->path().string());
    }
  }
  if (error) return Failure(error, folder);
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    const absl::Status added = AddFile(path, files);
    if (!added.ok()) return added;
  }
  return absl::OkStatus();
}

// The `text` of the JSON line that stands at `place`.
absl::StatusOr<std::string> ParseLine(const std::string& line, const std::string& place) {
  absl::StatusOr<nlohmann::json> object = checkpoint::ParseJsonObject(line, place);
  if (!object.ok()) return object.status();
  const auto text = object->find("text");
  if (text == object->end()) return checkpoint::Invalid(place, "no field \"text\"");
  if (text->is_string()) return std::move(text->get_ref<std::string&>());
  return checkpoint::Invalid(
      place, absl::StrCat("\"text\": found ", checkpoint::Describe(*text), ", expected a string"));
}

// Gives the document at `place` to `visit`; what is wrong with it goes to `faults`.
absl::Status Visit(absl::string_view text, int64_t file_bytes, const std::string& place,
                   TextVisitor visit, FaultList& faults) {
  const absl::Status status = visit(text, file_bytes);
  if (!absl::IsInvalidArgument(status)) return status;
  faults.Add(absl::StrCat(place, ": ", status.message()));
  return absl::OkStatus();
}

absl::Status VisitLine(const std::string& line, const std::string& place, TextVisitor visit,
                       FaultList& faults) {
  const absl::StatusOr<std::string> text = ParseLine(line, place);
  if (text.ok()) return Visit(*text, static_cast<int64_t>(line.size()) + 1, place, visit, faults);
  faults.Add(text.status().message());
  return absl::OkStatus();
}

absl::Status VisitFile(const TextFile& file, TextVisitor visit, FaultList& faults) {
  errno = 0;
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return absl::ErrnoToStatus(errno, absl::StrCat(file.path, ": cannot be read"));
  std::string line;
  if (!file.is_json_lines) {
    line.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    if (!in.bad()) {
      return Visit(line, static_cast<int64_t>(line.size()), file.path, visit, faults);
    }
  }
  for (int64_t number = 1; std::getline(in, line); ++number) {
    if (absl::StripAsciiWhitespace(line).empty()) continue;
    const absl::Status status =
        VisitLine(line, absl::StrCat(file.path, ":", number), visit, faults);
    if (!status.ok()) return status;
  }
  if (in.bad()) return absl::DataLossError(absl::StrCat(file.path, ": cannot be read to its end"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<TextFile>> FindTextFiles(const std::vector<std::string>& inputs) {
  std::vector<TextFile> files;
  for (const std::string& input : inputs) {
    std::error_code error;
    const fs::file_status status = fs::status(input, error);
    if (status.type() == fs::file_type::not_found) {
      return absl::NotFoundError(absl::StrCat(input, ": no such file or folder"));
    }
    if (error) return Failure(error, input);
    if (!fs::is_directory(status) && !fs::is_regular_file(status)) {
      return absl::InvalidArgumentError(absl::StrCat(input, ": is neither a file nor a folder"));
    }
    const absl::Status added =
        fs::is_directory(status) ? AddFolder(input, files) : AddFile(input, files);
    if (!added.ok()) return added;
  }
  return files;
}

absl::Status VisitTexts(const std::vector<TextFile>& files, TextVisitor visit) {
  FaultList faults;
  for (const TextFile& file : files) {
    const absl::Status status = VisitFile(file, visit, faults);
    if (!status.ok()) return status;
  }
  if (faults.count() == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(faults.count(),
                                                 faults.count() == 1 ? " fault" : " faults",
                                                 " in the texts:", faults.Lines()));
}

}  // namespace diffuser::tokenizer
