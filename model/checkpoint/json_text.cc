#include "model/checkpoint/json_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/messages.h"

namespace diffuser::checkpoint {
namespace {

using nlohmann::json;

// The library's text without its "[json.exception.parse_error.101] " in front.
std::string Reason(const json::exception& error) {
  absl::string_view text = error.what();
  const size_t end = text.find("] ");
  if (end != absl::string_view::npos) text.remove_prefix(end + 2);
  return Printable(text);
}

}  // namespace

absl::StatusOr<json> ParseJsonObject(absl::string_view text, absl::string_view origin) {
  try {
    json value = json::parse(text.begin(), text.end());
    if (value.is_object()) return value;
    return Invalid(origin, absl::StrCat("found ", Describe(value), ", expected a JSON object"));
  } catch (const json::exception& error) {
    return Invalid(origin, absl::StrCat("found no JSON object: ", Reason(error)));
  }
}

bool IsJsonLines(absl::string_view path) {
  return absl::EndsWithIgnoreCase(path, ".jsonl") || absl::EndsWithIgnoreCase(path, ".ndjson") ||
         absl::EndsWithIgnoreCase(path, ".json");
}

std::string Describe(const json& value) {
  switch (value.type()) {
    case json::value_t::string:
      return absl::StrCat("\"", Printable(value.get_ref<const std::string&>()), "\"");
    case json::value_t::array:
      return absl::StrCat("a list of ", value.size());
    case json::value_t::object:
      return absl::StrCat("an object of ", value.size(), " keys");
    default:
      return value.dump();
  }
}

}  // namespace diffuser::checkpoint
