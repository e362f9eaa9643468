#include "model/training/cli/eval_data.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/json_text.h"
#include "model/training/data/label_set.h"
#include "model/training/evaluation/line_fields.h"

namespace diffuser::training {
namespace {

constexpr char kUngrouped[] = "(none)";

absl::Status LookUpLabels(const EvalOptions& options, const model::ModelConfig& config,
                          EvaluationData& data) {
  const LabelSet labels(config.labels);
  const absl::Status known = CheckLabelsKnown(data.file, labels);
  if (!known.ok() && (data.file.examples.empty() || !options.ignore_unknown_labels)) return known;
  const bool is_single = config.problem_type == model::ProblemType::kSingleLabel;
  for (const Example& example : data.file.examples) {
    if (is_single && example.labels.size() != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat(PlaceOf(example), ": found ", example.labels.size(),
                       " labels, expected one: the model gives each document just one"));
    }
    std::vector<int> indices;
    for (const std::string& name : example.labels) {
      const auto index = labels.Find(name);
      index.has_value() ? indices.push_back(*index) : void(++data.ignored_labels);
    }
    std::sort(indices.begin(), indices.end());
    data.truth.push_back(std::move(indices));
  }
  return absl::OkStatus();
}

absl::Status NameDocuments(const EvalOptions& options, EvaluationData& data) {
  absl::flat_hash_map<int64_t, std::string> names;
  if (checkpoint::IsJsonLines(options.data) && !options.predictions.empty()) {
    auto read = ReadLineField(options.data, "name");
    if (!read.ok()) return read.status();
    names = *std::move(read);
  }
  for (const Example& example : data.file.examples) {
    const auto name = names.find(example.line);
    data.names.push_back(name == names.end() ? PlaceOf(example) : name->second);
  }
  return absl::OkStatus();
}

absl::Status GroupDocuments(const EvalOptions& options, EvaluationData& data) {
  if (options.group_by.empty()) return absl::OkStatus();
  if (!checkpoint::IsJsonLines(options.data)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--group_by: is for JSON lines, and ", options.data, " are none"));
  }
  const auto groups = ReadLineField(options.data, options.group_by);
  if (!groups.ok()) return groups.status();
  if (groups->empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.data, ": no line has a field \"", options.group_by, "\""));
  }
  for (const Example& example : data.file.examples) {
    const auto group = groups->find(example.line);
    data.groups.push_back(group == groups->end() ? kUngrouped : group->second);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EvaluationData> ReadEvaluationData(const EvalOptions& options,
                                                  const model::ModelConfig& config) {
  absl::StatusOr<ExampleFile> file = ReadExamples(options.data, options.read);
  if (!file.ok()) return file.status();
  EvaluationData data;
  data.file = *std::move(file);
  if (auto status = LookUpLabels(options, config, data); !status.ok()) return status;
  if (auto status = NameDocuments(options, data); !status.ok()) return status;
  if (auto status = GroupDocuments(options, data); !status.ok()) return status;
  return data;
}

}  // namespace diffuser::training
