#include "model/training/data/examples.h"

#include <filesystem>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/mapped_file.h"
#include "model/training/data/readers.h"

namespace diffuser::training {
std::string PlaceOf(const Example& example) {
  return absl::StrCat(example.file, ":", example.line);
}

absl::StatusOr<ExampleFile> ReadExamples(const std::string& path, const ReadOptions& options) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return ReadFolder(path);
  const absl::StatusOr<checkpoint::MappedFile> file = checkpoint::MappedFile::Open(path);
  if (!file.ok()) return file.status();
  absl::string_view text = checkpoint::AsText(file->bytes());
  absl::ConsumePrefix(&text, "\xEF\xBB\xBF");
  if (checkpoint::IsJsonLines(path)) return ReadJsonLines(path, text);
  const std::string extension =
      absl::AsciiStrToLower(std::filesystem::path(path).extension().string());
  if (extension == ".csv") return ReadCsv(path, text, ',', options);
  if (extension == ".tsv") return ReadCsv(path, text, '\t', options);
  return absl::InvalidArgumentError(absl::StrCat(
      path, ": found a file ending in \"", extension,
      "\", expected .jsonl, .ndjson, .json, .csv, .tsv, or a folder with one folder a label"));
}

}  // namespace diffuser::training
