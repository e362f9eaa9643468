#ifndef DIFFUSER_SERVER_PIPELINE_DOCUMENT_H_
#define DIFFUSER_SERVER_PIPELINE_DOCUMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "model/model_config.h"
#include "model/tokenizer/tokenizer.h"
#include "server/pipeline/classify_task.h"

namespace diffuser::pipeline {

// A document as the model sees it, with the text it came from.
struct Document {
  std::vector<int32_t> ids;                   // [tokens], not empty, all valid
  int64_t prefix = 0;                         // special tokens at the beginning, and
  int64_t suffix = 0;                         // at the end; prefix + suffix <= tokens
  std::string text;                           // empty for a document given as token ids
  std::vector<tokenizer::ByteRange> offsets;  // [tokens] in text; empty for one given as token ids

  int64_t tokens() const { return static_cast<int64_t>(ids.size()); }
};

// Tokenizes a text. `tokenizer` is null where the model has none. Blocks: while it tokenizes.
// Errors: INVALID_ARGUMENT naming `document.text` (empty, no UTF-8, no tokens, no tokenizer),
// INTERNAL.
absl::StatusOr<Document> FromText(std::string text, const tokenizer::Tokenizer* tokenizer,
                                  const model::ModelConfig& config);

// Takes token ids as they are; a leading bos and a trailing eos count as prefix and suffix.
// Errors: INVALID_ARGUMENT naming `document.token_ids`, or the first bad one of its `ids`.
absl::StatusOr<Document> FromTokenIds(absl::Span<const uint32_t> ids,
                                      const model::ModelConfig& config);

// Errors: INVALID_ARGUMENT naming the field of `options` that is out of its range.
absl::Status ValidateOptions(const ClassifyOptions& options, const model::ModelConfig& config);

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_DOCUMENT_H_
