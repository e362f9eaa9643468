#include "model/checkpoint/messages.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace diffuser::checkpoint {
namespace {

constexpr size_t kLongestName = 120;

bool IsPlain(char c) { return c >= 0x20 && c < 0x7f; }

}  // namespace

absl::Status Invalid(absl::string_view file, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(file, ": ", what));
}

absl::Status InvalidTensor(absl::string_view file, absl::string_view name, absl::string_view what) {
  return Invalid(file, absl::StrCat("tensor ", Printable(name), ": ", what));
}

std::string Printable(absl::string_view text) {
  const absl::string_view head = text.substr(0, kLongestName);
  const bool plain = std::all_of(head.begin(), head.end(), IsPlain);
  return absl::StrCat(plain ? std::string(head) : absl::CHexEscape(head),
                      head.size() < text.size() ? "..." : "");
}

std::string ShapeText(absl::Span<const int64_t> shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

}  // namespace diffuser::checkpoint
