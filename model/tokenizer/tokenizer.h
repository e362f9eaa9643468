#ifndef DIFFUSER_MODEL_TOKENIZER_TOKENIZER_H_
#define DIFFUSER_MODEL_TOKENIZER_TOKENIZER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace diffuser::tokenizer {

// Half-open range of bytes of the text, both ends on character boundaries. Without the spaces
// around the token; empty (begin == end) for an added special token and for one of spaces only.
// Tokens that are pieces of one character each have that whole character's range.
struct ByteRange {
  int64_t begin = 0;
  int64_t end = 0;
};

// A tokenized text, with the special tokens that the tokenizer's post-processor adds.
struct Encoding {
  std::vector<int32_t> ids;        // [tokens]
  std::vector<ByteRange> offsets;  // [tokens]; where each token stands in the text
  int prefix = 0;                  // special tokens before the text's own (usually 1: <s>)
  int suffix = 0;                  // and after them (usually 1: </s>)
};

// Turns text into token ids, exactly as Hugging Face's `tokenizers` does.
//
// Immutable and thread-safe: one instance serves all threads, each call on the caller's own thread.
class Tokenizer {
 public:
  // Reads tokenizer.json of a checkpoint directory, or else vocab.json + merges.txt as RoBERTa's
  // byte-level BPE. Truncation and padding that the file may ask for are switched off: nothing is
  // ever cut silently.
  // Errors: NOT_FOUND (neither is there), INVALID_ARGUMENT naming the file and what is wrong.
  static absl::StatusOr<std::unique_ptr<const Tokenizer>> Load(const std::string& dir);

  virtual ~Tokenizer() = default;

  // Number of ids, added tokens included: every id it gives is below.
  virtual int vocab_size() const = 0;

  // Errors: INVALID_ARGUMENT (text is no UTF-8; the message says at which byte), INTERNAL.
  virtual absl::StatusOr<Encoding> Encode(std::string_view text) const = 0;
};

}  // namespace diffuser::tokenizer

#endif  // DIFFUSER_MODEL_TOKENIZER_TOKENIZER_H_
