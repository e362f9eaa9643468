#ifndef DIFFUSER_MODEL_WINDOWS_H_
#define DIFFUSER_MODEL_WINDOWS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace diffuser::model {

// What to do with a document longer than the model's length; as diffuser.v1.LongDocument.
enum class LongDocument { kReject, kHead, kTail, kHeadTail, kChunk };

// Half-open range of a document's tokens.
struct TokenRange {
  int64_t begin = 0;
  int64_t end = 0;
  int64_t size() const { return end - begin; }
  friend bool operator==(const TokenRange&, const TokenRange&) = default;
};

// The tokens of a document that form one input of the model: ranges in order, none empty, disjoint.
// The first and last hold the document's prefix and suffix specials, as every window does.
using Window = std::vector<TokenRange>;

struct WindowOptions {
  int64_t prefix = 0;      // special tokens at the document's beginning, and
  int64_t suffix = 0;      // at its end: repeated in every window; prefix + suffix <= tokens
  int64_t max_tokens = 0;  // > 0; the model's length
  LongDocument long_document = LongDocument::kChunk;
  int64_t chunk_overlap = 0;  // >= 0; content tokens that neighbouring chunks share, at least
};

struct WindowPlan {
  std::vector<Window> windows;  // at least one; in order, each of 1 to max_tokens tokens
  int64_t used = 0;             // tokens of the document in some window, each counted once
  bool shortened = false;       // whether the document was too long for one window of all of it
};

// How a document of `tokens` tokens is given to the model. One that fits is one window of all of
// it. Else, with C = max_tokens - prefix - suffix content tokens to a window:
//   kReject    INVALID_ARGUMENT, saying both lengths;
//   kHead      the first C content tokens;       kTail  the last C;
//   kHeadTail  the first half of C (the larger, if C is odd) and the last, joined into one window;
//   kChunk     the fewest windows that cover all content and overlap by chunk_overlap (at most
//              C - 1), all of one size, evenly spread, the last ending at the content's end. So
//              there is no tiny last chunk, and the overlap is rather more than asked for.
// Pure. Errors: INVALID_ARGUMENT (kReject; or C < 1 for a document that does not fit).
// REQUIRES: tokens > 0.
absl::StatusOr<WindowPlan> PlanWindows(int64_t tokens, const WindowOptions& options);

// The chunk_overlap of who asks for none.
constexpr int64_t DefaultChunkOverlap(int64_t max_tokens) { return max_tokens / 8; }

// The ids of a window's tokens, joined.
std::vector<int32_t> WindowIds(absl::Span<const int32_t> document_ids, const Window& window);

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_WINDOWS_H_
