#include "model/tokenizer/copy_files.h"

#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/file_writer.h"
#include "model/checkpoint/mapped_file.h"

namespace diffuser::tokenizer {
namespace {

constexpr const char* kNames[] = {"tokenizer.json", "vocab.json", "merges.txt",
                                  "tokenizer_config.json", "special_tokens_map.json"};

absl::Status Remove(const std::string& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  if (!error) return absl::OkStatus();
  return absl::ErrnoToStatus(error.value(), absl::StrCat(path, ": cannot remove"));
}

}  // namespace

absl::StatusOr<std::vector<std::string>> CopyTokenizerFiles(const std::string& from,
                                                            const std::string& to) {
  std::vector<std::string> copied;
  for (const char* name : kNames) {
    const std::string target = absl::StrCat(to, "/", name);
    const auto file = checkpoint::MappedFile::Open(absl::StrCat(from, "/", name));
    absl::Status status = file.status();
    if (file.ok()) {
      status = checkpoint::WriteFileAtomically(target, checkpoint::AsText(file->bytes()));
      copied.emplace_back(name);
    } else if (absl::IsNotFound(status)) {
      status = Remove(target);
    }
    if (!status.ok()) return status;
  }
  return copied;
}

}  // namespace diffuser::tokenizer
