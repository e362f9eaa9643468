#ifndef DIFFUSER_MODEL_TOKENIZER_TEXT_SOURCE_H_
#define DIFFUSER_MODEL_TOKENIZER_TEXT_SOURCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace diffuser::tokenizer {

// One file of texts.
struct TextFile {
  std::string path;
  bool is_json_lines = false;
  int64_t bytes = 0;
};

// The files of `inputs`: *.jsonl, *.ndjson and *.json hold one JSON object a line, whose `text` is
// a document; of a folder every regular file below it counts, hidden ones left out, in order of
// their paths; any other file is one document. Errors: NOT_FOUND (no such path), INVALID_ARGUMENT
// (neither file nor folder), or what errno says.
absl::StatusOr<std::vector<TextFile>> FindTextFiles(const std::vector<std::string>& inputs);

// Takes a document and how many bytes of its file it stands for.
using TextVisitor = absl::FunctionRef<absl::Status(absl::string_view text, int64_t file_bytes)>;

// Calls `visit` for every document of the files, in order; blank lines are passed over. A document
// that `visit` finds INVALID_ARGUMENT is a faulty line; all lines are read before those are
// reported. Another error of `visit` ends it at once.
// Errors: NOT_FOUND, PERMISSION_DENIED (a file cannot be read), INVALID_ARGUMENT (faulty lines: how
// many, and the first ten, one a line, as "FILE:LINE: what is wrong"), those of `visit`.
absl::Status VisitTexts(const std::vector<TextFile>& files, TextVisitor visit);

}  // namespace diffuser::tokenizer

#endif  // DIFFUSER_MODEL_TOKENIZER_TEXT_SOURCE_H_
