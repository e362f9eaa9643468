#include "model/windows.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace diffuser::model {
namespace {

// Puts the document's specials around pieces of its content; joins neighbouring ranges.
Window AddSpecials(int64_t tokens, const WindowOptions& options, std::vector<TokenRange> content) {
  content.insert(content.begin(), TokenRange{0, options.prefix});
  content.push_back(TokenRange{tokens - options.suffix, tokens});
  Window window;
  for (const TokenRange& range : content) {
    if (range.size() == 0) continue;
    if (!window.empty() && window.back().end == range.begin) {
      window.back().end = range.end;
    } else {
      window.push_back(range);
    }
  }
  return window;
}

// Chunks of `content` tokens, of at most `capacity` each. With k chunks of equal size L, begun at
// i (content - L) / (k - 1), neighbours overlap by at least o whenever k L >= content + (k - 1) o;
// the least k allows L <= capacity, and L is then the least that k allows.
std::vector<TokenRange> SplitEvenly(int64_t content, int64_t capacity, int64_t asked_overlap) {
  const int64_t overlap = std::min(asked_overlap, capacity - 1);
  const int64_t stride = capacity - overlap;
  const int64_t chunks = (content - overlap + stride - 1) / stride;
  const int64_t size = (content + (chunks - 1) * overlap + chunks - 1) / chunks;
  std::vector<TokenRange> ranges;
  for (int64_t i = 0; i < chunks; ++i) {
    const int64_t begin = i * (content - size) / (chunks - 1);
    ranges.push_back({begin, begin + size});
  }
  return ranges;
}

// What is kept of `content` tokens that exceed `capacity`: the ranges of each window.
std::vector<std::vector<TokenRange>> KeepContent(int64_t content, int64_t capacity,
                                                 const WindowOptions& options) {
  switch (options.long_document) {
    case LongDocument::kHead:
      return {{{0, capacity}}};
    case LongDocument::kTail:
      return {{{content - capacity, content}}};
    case LongDocument::kHeadTail: {
      const int64_t head = (capacity + 1) / 2;
      return {{{0, head}, {content - (capacity - head), content}}};
    }
    case LongDocument::kReject:
    case LongDocument::kChunk:
      break;
  }
  std::vector<std::vector<TokenRange>> windows;
  for (const TokenRange& range : SplitEvenly(content, capacity, options.chunk_overlap)) {
    windows.push_back({range});
  }
  return windows;
}

}  // namespace

absl::StatusOr<WindowPlan> PlanWindows(int64_t tokens, const WindowOptions& options) {
  if (tokens <= options.max_tokens) {
    return WindowPlan{.windows = {{{0, tokens}}}, .used = tokens, .shortened = false};
  }
  if (options.long_document == LongDocument::kReject) {
    return absl::InvalidArgumentError(
        absl::StrCat("document: is ", tokens, " tokens long, and the model reads ",
                     options.max_tokens, "; options.long_document says to reject it"));
  }
  const int64_t capacity = options.max_tokens - options.prefix - options.suffix;
  if (capacity < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("document: the model's length of ", options.max_tokens,
                     " tokens leaves no room beside its special tokens"));
  }
  const int64_t content = tokens - options.prefix - options.suffix;
  WindowPlan plan{.windows = {}, .used = 0, .shortened = true};
  for (std::vector<TokenRange>& ranges : KeepContent(content, capacity, options)) {
    for (TokenRange& range : ranges) {
      range.begin += options.prefix;
      range.end += options.prefix;
    }
    plan.windows.push_back(AddSpecials(tokens, options, std::move(ranges)));
  }
  plan.used = options.long_document == LongDocument::kChunk ? tokens : options.max_tokens;
  return plan;
}

std::vector<int32_t> WindowIds(absl::Span<const int32_t> document_ids, const Window& window) {
  std::vector<int32_t> ids;
  for (const TokenRange& range : window) {
    const auto part = document_ids.subspan(range.begin, range.size());
    ids.insert(ids.end(), part.begin(), part.end());
  }
  return ids;
}

}  // namespace diffuser::model
