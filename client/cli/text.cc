#include "client/cli/text.h"

#include <cstdint>

namespace diffuser::cli {
namespace {

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xC0) == 0x80; }

// Length and value of the code point at the start of `text`; length 0 if there is none.
struct CodePoint {
  size_t bytes = 0;
  uint32_t value = 0;
};

CodePoint Decode(absl::string_view text) {
  const uint8_t lead = static_cast<uint8_t>(text[0]);
  if (lead < 0x80) return {1, lead};
  const size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {};
  uint32_t value = lead & (0xFF >> (bytes + 1));
  for (size_t i = 1; i < bytes; ++i) {
    if (!IsContinuation(text[i])) return {};
    value = value << 6 | (static_cast<uint8_t>(text[i]) & 0x3F);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[bytes] || value > 0x10FFFF || surrogate) return {};
  return {bytes, value};
}

// White space, and what a terminal would obey: C0 and C1 control characters, line and paragraph
// separators, and the marks that change the direction of writing.
bool IsBlankOrControl(uint32_t value) {
  return value <= 0x20 || (value >= 0x7F && value <= 0xA0) ||
         (value >= 0x2028 && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069);
}

}  // namespace

std::optional<size_t> FindInvalidUtf8(absl::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = Decode(text.substr(at));
    if (point.bytes == 0) return at;
    at += point.bytes;
  }
  return std::nullopt;
}

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  for (char c : text) width += IsContinuation(c) ? 0 : 1;
  return width;
}

std::string Printable(absl::string_view text) {
  std::string result;
  bool after_blank = false;
  while (!text.empty()) {
    const CodePoint point = Decode(text);
    const bool blank = point.bytes != 0 && IsBlankOrControl(point.value);
    if (point.bytes == 0) {
      result += '?';
    } else if (!blank) {
      result.append(text.data(), point.bytes);
    } else if (!after_blank) {
      result += ' ';
    }
    after_blank = blank;
    text.remove_prefix(point.bytes == 0 ? 1 : point.bytes);
  }
  return result;
}

absl::string_view FirstCharacters(absl::string_view text, size_t characters) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (!IsContinuation(text[at]) && characters-- == 0) break;
  }
  return text.substr(0, at);
}

absl::string_view LastCharacters(absl::string_view text, size_t characters) {
  size_t at = text.size();
  while (at > 0 && characters > 0) {
    if (!IsContinuation(text[--at])) --characters;
  }
  return text.substr(at);
}

}  // namespace diffuser::cli
