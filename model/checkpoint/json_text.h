#ifndef DIFFUSER_MODEL_CHECKPOINT_JSON_TEXT_H_
#define DIFFUSER_MODEL_CHECKPOINT_JSON_TEXT_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace diffuser::checkpoint {

// Reads one JSON object; `origin` names it in messages. No exception leaves it.
// Errors: INVALID_ARGUMENT with the line and column of what is no JSON, or what stands there
// instead of an object.
absl::StatusOr<nlohmann::json> ParseJsonObject(absl::string_view text, absl::string_view origin);

// Whether a file of that name holds one JSON object a line: *.jsonl, *.ndjson or *.json, in either
// case.
bool IsJsonLines(absl::string_view path);

// `value` in a few words for a message: numbers and short strings themselves, of lists and objects
// only how many entries they have.
std::string Describe(const nlohmann::json& value);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_JSON_TEXT_H_
