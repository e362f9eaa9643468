#include "server/pipeline/sentences.h"

#include <cstddef>

namespace diffuser::pipeline {
namespace {

bool IsWhiteSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Length of a full stop that ends a sentence whatever follows, else 0.
size_t WideStopLength(std::string_view text) {
  for (const std::string_view stop : {"\n", "\u3002", "\uff01", "\uff1f", "\uff61"}) {
    if (StartsWith(text, stop)) return stop.size();
  }
  return 0;
}

// Length of closing quotes and brackets at the beginning of `text`.
size_t ClosersLength(std::string_view text) {
  size_t length = 0;
  while (length < text.size()) {
    const std::string_view rest = text.substr(length);
    if (rest[0] == '"' || rest[0] == '\'' || rest[0] == ')' || rest[0] == ']') {
      length += 1;
    } else if (StartsWith(rest, "\u201d") || StartsWith(rest, "\u2019")) {
      length += 3;
    } else {
      break;
    }
  }
  return length;
}

// Length of the end of a sentence at the beginning of `text`, white space not counted; 0 if none.
size_t StopLength(std::string_view text) {
  if (const size_t length = WideStopLength(text); length > 0) return length;
  if (text[0] != '.' && text[0] != '!' && text[0] != '?') return 0;
  const size_t length = 1 + ClosersLength(text.substr(1));
  return length < text.size() && IsWhiteSpace(text[length]) ? length : 0;
}

}  // namespace

std::vector<int64_t> FindSentences(std::string_view text) {
  std::vector<int64_t> begins = {0};
  bool has_words = false;  // whether the sentence so far is more than white space
  size_t at = 0;
  while (at < text.size()) {
    has_words = has_words || !IsWhiteSpace(text[at]);
    const size_t stop = StopLength(text.substr(at));
    if (stop == 0 || !has_words) {
      ++at;
      continue;
    }
    at += stop;
    while (at < text.size() && IsWhiteSpace(text[at])) ++at;
    if (at < text.size()) begins.push_back(static_cast<int64_t>(at));
    has_words = false;
  }
  return begins;
}

tokenizer::ByteRange TrimWhiteSpace(std::string_view text, tokenizer::ByteRange range) {
  tokenizer::ByteRange trimmed = range;
  while (trimmed.begin < trimmed.end && IsWhiteSpace(text[trimmed.begin])) ++trimmed.begin;
  while (trimmed.begin < trimmed.end && IsWhiteSpace(text[trimmed.end - 1])) --trimmed.end;
  return trimmed.begin < trimmed.end ? trimmed : range;
}

}  // namespace diffuser::pipeline
