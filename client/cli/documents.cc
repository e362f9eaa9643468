#include "client/cli/documents.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/cli/text.h"

namespace diffuser::cli {
namespace {

absl::StatusOr<std::string> ReadAll(std::istream& in, size_t max_bytes) {
  constexpr size_t kPiece = 64 << 10;
  std::string bytes;
  while (in && bytes.size() <= max_bytes) {
    const size_t before = bytes.size();
    bytes.resize(before + kPiece);
    in.read(bytes.data() + before, kPiece);
    bytes.resize(before + static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) return absl::NotFoundError("cannot be read");
  if (bytes.empty()) return absl::InvalidArgumentError("is empty");
  if (bytes.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat("is longer than ", max_bytes, " bytes"));
  }
  return bytes;
}

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_bytes) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    return absl::InvalidArgumentError("is a directory");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot be read: ", std::strerror(errno)));
  return ReadAll(file, max_bytes);
}

absl::Status ParseTokenIds(absl::string_view text, v1::TokenIds& ids) {
  for (absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty())) {
    uint32_t id = 0;
    if (!absl::SimpleAtoi(word, &id)) {
      return absl::InvalidArgumentError(
          absl::StrCat("is not token ids: \"", Printable(FirstCharacters(word, 20)), "\""));
    }
    ids.add_ids(id);
  }
  if (ids.ids().empty()) return absl::InvalidArgumentError("holds no token ids");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Document> ReadDocument(const std::string& path, std::istream& in,
                                          const DocumentFormat& format) {
  absl::StatusOr<std::string> bytes =
      path == "-" ? ReadAll(in, format.max_bytes) : ReadFile(path, format.max_bytes);
  if (!bytes.ok()) return bytes.status();
  if (const std::optional<size_t> bad = FindInvalidUtf8(*bytes)) {
    return absl::InvalidArgumentError(absl::StrCat("is not UTF-8 at byte ", *bad));
  }
  v1::Document document;
  document.set_id(path);
  if (!format.token_ids) {
    document.set_text(*std::move(bytes));
    return document;
  }
  absl::Status status = ParseTokenIds(*bytes, *document.mutable_token_ids());
  if (!status.ok()) return status;
  return document;
}

}  // namespace diffuser::cli
