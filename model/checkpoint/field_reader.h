#ifndef DIFFUSER_MODEL_CHECKPOINT_FIELD_READER_H_
#define DIFFUSER_MODEL_CHECKPOINT_FIELD_READER_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace diffuser::checkpoint {

// The integers from `least` to `most`, both included.
struct IntRange {
  int least;
  int most;
};

// Reads the fields of one JSON object with their types and bounds checked. The first thing that is
// wrong stays in status(), and every later read returns its fallback, so that a caller reads all
// fields first and looks at status() once:
//
//   FieldReader fields(object, "config.json");
//   config.vocab_size = fields.Int("vocab_size", {1, 1 << 24});
//   config.pad_token_id = fields.Int("pad_token_id", {0, config.vocab_size - 1}, 1);
//   if (!fields.status().ok()) return fields.status();
//
// A key whose value is null counts as absent. Holds references to its arguments. Not thread-safe.
class FieldReader {
 public:
  FieldReader(const nlohmann::json& object, absl::string_view origin)
      : object_(object), origin_(origin) {}

  const absl::Status& status() const { return status_; }

  // The value of `key`, or null where it is absent.
  const nlohmann::json* Find(const char* key) const;

  // The integer at `key`; where it is absent the fallback, which must lie in the range too, or an
  // error without one.
  int Int(const char* key, IntRange range, std::optional<int> fallback = std::nullopt);

  // The number at `key`, which must lie strictly between `above` and `below`, as float32 too.
  float Number(const char* key, float above, float below, float fallback);

  // The string at `key`; "" where it is absent.
  std::string String(const char* key);

  // `value` as an integer in `range`; where it is none, keeps the error for `key` and returns
  // range.least.
  int AsInt(const char* key, const nlohmann::json& value, IntRange range);

  // Keeps "ORIGIN: key KEY: found FOUND, expected EXPECTED", unless an earlier error is there.
  void Fail(const char* key, absl::string_view found, absl::string_view expected);

 private:
  const nlohmann::json& object_;
  absl::string_view origin_;
  absl::Status status_;
};

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_FIELD_READER_H_
