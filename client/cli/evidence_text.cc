#include "client/cli/evidence_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/text.h"

namespace diffuser::cli {
namespace {

struct Marks {
  absl::string_view weight, dim, piece, end;
};
constexpr Marks kColors = {"\x1b[36m", "\x1b[2m", "\x1b[1;33m", "\x1b[0m"};

std::string WithoutTheMiddle(absl::string_view piece, size_t longest) {
  if (DisplayWidth(piece) <= longest) return Printable(piece);
  return absl::StrCat(Printable(FirstCharacters(piece, longest - longest / 2)), " … ",
                      Printable(LastCharacters(piece, longest / 2)));
}

bool IsInside(absl::string_view text, const v1::Evidence& evidence) {
  return evidence.begin_byte() < evidence.end_byte() && evidence.end_byte() <= text.size();
}

}  // namespace

std::string EvidenceLine(absl::string_view text, const v1::Evidence& evidence,
                         const EvidenceStyle& style) {
  const std::string weight = absl::StrFormat("%5.1f%%", evidence.weight() * 100);
  const Marks marks = style.color ? kColors : Marks{"", "", "«", "»"};
  const absl::string_view end = style.color ? marks.end : "";
  if (!IsInside(text, evidence)) {
    return absl::StrFormat("%s%s%s  tokens %d to %d", marks.weight, weight, end,
                           evidence.begin_token(), evidence.end_token());
  }
  const absl::string_view before = text.substr(0, evidence.begin_byte());
  const absl::string_view after = text.substr(evidence.end_byte());
  const absl::string_view left = LastCharacters(before, style.context);
  const absl::string_view right = FirstCharacters(after, style.context);
  const absl::string_view piece =
      text.substr(evidence.begin_byte(), evidence.end_byte() - evidence.begin_byte());
  return absl::StrCat(marks.weight, weight, end, "  ", marks.dim,
                      left.size() < before.size() ? "…" : "", Printable(left), end, marks.piece,
                      WithoutTheMiddle(piece, style.longest), marks.end, marks.dim,
                      Printable(right), right.size() < after.size() ? "…" : "", end);
}

}  // namespace diffuser::cli
