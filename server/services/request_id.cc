#include "server/services/request_id.h"

#include <algorithm>
#include <random>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace diffuser::services {
namespace {

constexpr size_t kMaxLength = 128;

bool IsHex(absl::string_view text, size_t length) {
  return text.size() == length &&
         std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(c); });
}

// version-traceid-parentid-flags, 2, 32, 16 and 2 hexadecimal digits; a trace id of zeros means
// none.
absl::string_view TraceIdOf(absl::string_view traceparent) {
  const std::vector<absl::string_view> parts = absl::StrSplit(traceparent, '-');
  if (parts.size() < 4 || !IsHex(parts[0], 2) || !IsHex(parts[1], 32)) return "";
  return parts[1].find_first_not_of('0') == absl::string_view::npos ? "" : parts[1];
}

std::string NewId() {
  thread_local std::mt19937_64 generator((uint64_t{std::random_device{}()} << 32) ^
                                         std::random_device{}());
  return absl::StrCat(absl::Hex(generator(), absl::kZeroPad16),
                      absl::Hex(generator(), absl::kZeroPad16));
}

}  // namespace

std::string ChooseRequestId(absl::string_view x_request_id, absl::string_view traceparent) {
  const bool is_printable = std::all_of(x_request_id.begin(), x_request_id.end(),
                                        [](char c) { return absl::ascii_isprint(c); });
  if (!x_request_id.empty() && x_request_id.size() <= kMaxLength && is_printable) {
    return std::string(x_request_id);
  }
  const absl::string_view trace_id = TraceIdOf(traceparent);
  return trace_id.empty() ? NewId() : std::string(trace_id);
}

}  // namespace diffuser::services
