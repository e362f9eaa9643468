#include "model/training/data/example_collector.h"

#include <utf8cpp/utf8.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace diffuser::training {
namespace {

std::optional<std::string> FaultOfUtf8(absl::string_view text, absl::string_view what) {
  const auto invalid = utf8::find_invalid(text.begin(), text.end());
  if (invalid == text.end()) return std::nullopt;
  return absl::StrCat(what, " is not UTF-8 at byte ", std::distance(text.begin(), invalid));
}

std::optional<std::string> FaultOf(const Example& example, bool multi_label) {
  if (auto fault = FaultOfUtf8(example.text, "the text")) return fault;
  if (absl::StripAsciiWhitespace(example.text).empty()) return "the text is empty";
  for (const std::string& label : example.labels) {
    if (auto fault = FaultOfUtf8(label, "a label")) return fault;
    if (absl::StripAsciiWhitespace(label).empty()) return "a label is empty";
  }
  if (!multi_label && example.labels.size() != 1) {
    return absl::StrCat("found ", example.labels.size(), " labels, expected one");
  }
  return std::nullopt;
}

void DropRepeated(std::vector<std::string>& labels) {
  absl::flat_hash_set<std::string> seen;
  labels.erase(std::remove_if(labels.begin(), labels.end(),
                              [&](const std::string& label) { return !seen.insert(label).second; }),
               labels.end());
}

}  // namespace

ExampleCollector::ExampleCollector(std::string path, absl::string_view record) : record_(record) {
  collected_.path = std::move(path);
}

void ExampleCollector::Add(Example example) {
  if (const auto fault = FaultOf(example, collected_.multi_label)) {
    Fail(example.file, example.line, *fault);
    return;
  }
  DropRepeated(example.labels);
  collected_.examples.push_back(std::move(example));
}

void ExampleCollector::Fail(absl::string_view file, int64_t line, absl::string_view what) {
  faults_.Add(absl::StrCat(file, ":", line, ": ", what));
}

absl::StatusOr<ExampleFile> ExampleCollector::Finish() && {
  if (faults_.count() == 0) return std::move(collected_);
  const int64_t records = faults_.count() + static_cast<int64_t>(collected_.examples.size());
  return absl::InvalidArgumentError(absl::StrCat(collected_.path, ": ", faults_.count(), " of ",
                                                 records, " ", record_,
                                                 " cannot be used:", faults_.Lines()));
}

}  // namespace diffuser::training
