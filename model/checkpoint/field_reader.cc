#include "model/checkpoint/field_reader.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/messages.h"

namespace diffuser::checkpoint {
namespace {

using nlohmann::json;

std::string Expected(IntRange range) {
  return absl::StrCat("an integer from ", range.least, " to ", range.most);
}

bool IsWithin(const json& value, IntRange range) {
  if (value.is_number_unsigned()) {
    const uint64_t number = value.get<uint64_t>();
    return range.most >= 0 && number <= static_cast<uint64_t>(range.most) &&
           static_cast<int64_t>(number) >= range.least;
  }
  if (!value.is_number_integer()) return false;
  const int64_t number = value.get<int64_t>();
  return number >= range.least && number <= range.most;
}

}  // namespace

const json* FieldReader::Find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

int FieldReader::Int(const char* key, IntRange range, std::optional<int> fallback) {
  const json* value = Find(key);
  if (value != nullptr) return AsInt(key, *value, range);
  if (!fallback.has_value()) {
    Fail(key, "nothing", Expected(range));
  } else if (*fallback < range.least || *fallback > range.most) {
    Fail(key, absl::StrCat("nothing, which means ", *fallback), Expected(range));
  }
  return fallback.value_or(range.least);
}

float FieldReader::Number(const char* key, float above, float below, float fallback) {
  const json* value = Find(key);
  if (value == nullptr) return fallback;
  const double number = value->is_number() ? value->get<double>() : above;
  if (number > above && number < below) {
    // float32 has the last word: 1e-60 is a positive double, but as the model's number it is zero.
    const float rounded = static_cast<float>(number);
    if (rounded > above && rounded < below) return rounded;
  }
  Fail(key, Describe(*value), absl::StrCat("a number above ", above, " and below ", below));
  return fallback;
}

std::string FieldReader::String(const char* key) {
  const json* value = Find(key);
  if (value == nullptr) return "";
  if (value->is_string()) return value->get<std::string>();
  Fail(key, Describe(*value), "a string");
  return "";
}

int FieldReader::AsInt(const char* key, const json& value, IntRange range) {
  if (IsWithin(value, range)) return value.get<int>();
  Fail(key, Describe(value), Expected(range));
  return range.least;
}

void FieldReader::Fail(const char* key, absl::string_view found, absl::string_view expected) {
  status_.Update(
      Invalid(origin_, absl::StrCat("key \"", key, "\": found ", found, ", expected ", expected)));
}

}  // namespace diffuser::checkpoint
