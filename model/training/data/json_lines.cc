#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/json_text.h"
#include "model/training/data/example_collector.h"
#include "model/training/data/readers.h"

namespace diffuser::training {
namespace {

using nlohmann::json;

// Reads lines one after the other; the first good one decides whether there is `label` or `labels`.
class JsonLinesReader {
 public:
  explicit JsonLinesReader(const std::string& path) : path_(path), collector_(path, "lines") {}

  void Read(absl::string_view line, int64_t number) {
    Example example;
    example.file = path_;
    example.line = number;
    const absl::StatusOr<json> object = checkpoint::ParseJsonObject(line, PlaceOf(example));
    if (!object.ok()) {
      collector_.Fail(object.status());
      return;
    }
    if (const auto fault = Fill(*object, example)) {
      collector_.Fail(path_, number, *fault);
      return;
    }
    collector_.Add(std::move(example));
  }

  absl::StatusOr<ExampleFile> Finish() { return std::move(collector_).Finish(); }

 private:
  // The fault of the line, if it has one.
  std::optional<std::string> Fill(const json& object, Example& example) {
    const auto text = object.find("text");
    if (text == object.end()) return "no field \"text\"";
    if (!text->is_string()) {
      return absl::StrCat("\"text\": found ", checkpoint::Describe(*text), ", expected a string");
    }
    example.text = text->get<std::string>();
    const auto label = object.find("label");
    const auto labels = object.find("labels");
    if (label == object.end() && labels == object.end()) {
      return "neither a field \"label\" nor \"labels\"";
    }
    if (label != object.end() && labels != object.end()) {
      return "both a field \"label\" and \"labels\", expected one of them";
    }
    if (auto fault = CheckForm(labels != object.end(), example.line)) return fault;
    return labels == object.end() ? FillLabel("label", *label, example)
                                  : FillList(*labels, example);
  }

  std::optional<std::string> CheckForm(bool is_list, int64_t line) {
    if (form_line_ == 0) {
      form_line_ = line;
      form_is_list_ = is_list;
      collector_.set_multi_label(is_list);
    }
    if (is_list == form_is_list_) return std::nullopt;
    return absl::StrCat("a field \"", Name(is_list), "\" where line ", form_line_, " has \"",
                        Name(form_is_list_), "\"");
  }

  static const char* Name(bool is_list) { return is_list ? "labels" : "label"; }

  static std::optional<std::string> FillLabel(const char* key, const json& value,
                                              Example& example) {
    if (value.is_string()) {
      example.labels.push_back(value.get<std::string>());
    } else if (value.is_number()) {
      example.labels.push_back(value.dump());
    } else {
      return absl::StrCat("\"", key, "\": found ", checkpoint::Describe(value),
                          ", expected a string or a number");
    }
    return std::nullopt;
  }

  static std::optional<std::string> FillList(const json& list, Example& example) {
    if (!list.is_array()) {
      return absl::StrCat("\"labels\": found ", checkpoint::Describe(list), ", expected a list");
    }
    for (const json& value : list) {
      if (auto fault = FillLabel("labels", value, example)) return fault;
    }
    return std::nullopt;
  }

  const std::string path_;
  ExampleCollector collector_;
  int64_t form_line_ = 0;  // the line that decided; 0: none yet
  bool form_is_list_ = false;
};

}  // namespace

absl::StatusOr<ExampleFile> ReadJsonLines(const std::string& path, absl::string_view text) {
  JsonLinesReader reader(path);
  for (int64_t number = 1; !text.empty(); ++number) {
    const absl::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!absl::StripAsciiWhitespace(line).empty()) reader.Read(line, number);
  }
  return reader.Finish();
}

}  // namespace diffuser::training
