#include "server/config/fields.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace diffuser::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

// Counts become ints in places, so none is larger.
constexpr int64_t kMaxCount = std::numeric_limits<int32_t>::max();

absl::Status Expected(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("must be ", what));
}

absl::Status CheckCount(int64_t value, const FlagOptions& rule) {
  if (value >= rule.min() && value <= kMaxCount) return absl::OkStatus();
  return Expected(absl::StrCat("a whole number from ", rule.min(), " to ", kMaxCount));
}

absl::Status CheckDuration(absl::string_view text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) && duration >= absl::ZeroDuration() &&
      duration < absl::InfiniteDuration()) {
    return absl::OkStatus();
  }
  return Expected("a duration such as 5ms, 1.5s or 2m, not negative");
}

absl::Status CheckAddress(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon != absl::string_view::npos && colon > 0 &&
      absl::SimpleAtoi(text.substr(colon + 1), &port) && port >= 0 && port <= 65535) {
    const absl::string_view host = text.substr(0, colon);
    const bool bracketed = host.front() == '[' && host.back() == ']';
    if (bracketed || !absl::StrContains(host, ':')) return absl::OkStatus();
  }
  return Expected("HOST:PORT (an IPv6 host in brackets), with a port from 0 to 65535");
}

absl::Status CheckModel(absl::string_view text) {
  const ModelOption model = ToModel(text);
  const auto is_plain = [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("._-/", absl::string_view(&c, 1));
  };
  const auto is_name = [&](absl::string_view name) {
    return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), is_plain);
  };
  if (is_name(model.name) && is_name(model.version) && !model.directory.empty()) {
    return absl::OkStatus();
  }
  return Expected(
      "NAME=DIR or NAME@VERSION=DIR, with names of letters, digits, '.', '_', '-' and '/'");
}

absl::Status CheckDevice(absl::string_view text) {
  if (text == "auto" || text == "cpu" || text == "cuda" || text == "cuda:all") {
    return absl::OkStatus();
  }
  std::set<int> seen;
  for (absl::string_view device : absl::StrSplit(text, ',')) {
    int index = 0;
    const bool is_number = absl::ConsumePrefix(&device, "cuda:") &&
                           absl::SimpleAtoi(device, &index) && device == absl::StrCat(index);
    if (!is_number || index < 0) {
      return Expected("auto, cpu, cuda, cuda:all, or cuda:N and more of those after commas");
    }
    if (!seen.insert(index).second) {
      return Expected(absl::StrCat("different devices; cuda:", index, " is there twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckChoice(absl::string_view text, const FlagOptions& rule) {
  if (std::find(rule.choices().begin(), rule.choices().end(), text) != rule.choices().end()) {
    return absl::OkStatus();
  }
  return Expected(absl::StrCat("one of ", absl::StrJoin(rule.choices(), ", ")));
}

absl::Status CheckModelPrecision(absl::string_view text, const FlagOptions& rule) {
  const size_t equals = text.find('=');
  if (equals != 0 && equals != absl::string_view::npos &&
      CheckChoice(text.substr(equals + 1), rule).ok()) {
    return absl::OkStatus();
  }
  return Expected(
      absl::StrCat("NAME=PRECISION, with one of ", absl::StrJoin(rule.choices(), ", ")));
}

absl::Status CheckText(absl::string_view text, const FlagOptions& rule) {
  switch (rule.kind()) {
    case FlagOptions::DURATION:
      return CheckDuration(text);
    case FlagOptions::ADDRESS:
      return CheckAddress(text);
    case FlagOptions::MODEL:
      return CheckModel(text);
    case FlagOptions::DEVICE:
      return CheckDevice(text);
    case FlagOptions::CHOICE:
      return CheckChoice(text, rule);
    case FlagOptions::MODEL_PRECISION:
      return CheckModelPrecision(text, rule);
    default:
      return absl::OkStatus();
  }
}

bool IsSet(const FieldDescriptor& field, const ServerConfig& config) {
  const Reflection& reflection = *config.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(config, &field) > 0
                             : reflection.HasField(config, &field);
}

absl::Status CheckField(const FieldDescriptor& field, const ServerConfig& config) {
  const Reflection& reflection = *config.GetReflection();
  const FlagOptions& rule = FlagOf(field);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
    return CheckCount(reflection.GetInt64(config, &field), rule);
  }
  if (!field.is_repeated()) return CheckText(reflection.GetString(config, &field), rule);
  for (int i = 0; i < reflection.FieldSize(config, &field); ++i) {
    const absl::Status status = CheckText(reflection.GetRepeatedString(config, &field, i), rule);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<const FieldDescriptor*> Fields() {
  std::vector<const FieldDescriptor*> fields;
  const auto* descriptor = ServerConfig::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) fields.push_back(descriptor->field(i));
  return fields;
}

const FlagOptions& FlagOf(const FieldDescriptor& field) {
  return field.options().GetExtension(flag);
}

std::string ValueForm(const FieldDescriptor& field) {
  const FlagOptions& rule = FlagOf(field);
  switch (rule.kind()) {
    case FlagOptions::COUNT:
      return "N";
    case FlagOptions::DURATION:
      return "DURATION";
    case FlagOptions::ADDRESS:
      return "HOST:PORT";
    case FlagOptions::CHOICE:
      return absl::StrJoin(rule.choices(), "|");
    case FlagOptions::MODEL:
      return "NAME[@VERSION]=DIR";
    case FlagOptions::MODEL_PRECISION:
      return absl::StrCat("NAME=", absl::StrJoin(rule.choices(), "|"));
    case FlagOptions::DEVICE:
      return "auto|cpu|cuda|cuda:all|cuda:N[,cuda:M]...";
    default:
      return "TEXT";
  }
}

absl::Status SetField(const FieldDescriptor& field, absl::string_view text, ServerConfig& config) {
  const Reflection& reflection = *config.GetReflection();
  const FlagOptions& rule = FlagOf(field);
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT64) {
    int64_t value = 0;
    if (!absl::SimpleAtoi(text, &value)) value = -1;  // never in range, so it is refused below
    reflection.SetInt64(&config, &field, value);
    return CheckCount(value, rule);
  }
  if (field.is_repeated()) {
    reflection.AddString(&config, &field, std::string(text));
  } else {
    reflection.SetString(&config, &field, std::string(text));
  }
  return CheckText(text, rule);
}

absl::Status CheckFields(const ServerConfig& config) {
  for (const FieldDescriptor* field : Fields()) {
    if (!IsSet(*field, config)) continue;
    const absl::Status status = CheckField(*field, config);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(field->name(), ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

void Overlay(const ServerConfig& stronger, ServerConfig& config) {
  for (const FieldDescriptor* field : Fields()) {
    if (IsSet(*field, stronger)) config.GetReflection()->ClearField(&config, field);
  }
  config.MergeFrom(stronger);
}

ServerConfig Defaults() {
  ServerConfig config;
  for (const FieldDescriptor* field : Fields()) {
    if (!field->is_repeated()) SetField(*field, FlagOf(*field).default_(), config).IgnoreError();
  }
  return config;
}

ModelOption ToModel(absl::string_view text) {
  const size_t equals = text.find('=');
  if (equals == absl::string_view::npos) return {};
  const absl::string_view key = text.substr(0, equals);
  const size_t at = key.find('@');
  return {.name = std::string(key.substr(0, at)),
          .version = at == absl::string_view::npos ? "1" : std::string(key.substr(at + 1)),
          .directory = std::string(text.substr(equals + 1))};
}

absl::Duration ToDuration(absl::string_view text) {
  absl::Duration duration;
  return absl::ParseDuration(text, &duration) ? duration : absl::ZeroDuration();
}

}  // namespace diffuser::config
