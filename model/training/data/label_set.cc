#include "model/training/data/label_set.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/checkpoint/messages.h"

namespace diffuser::training {
namespace {

using Names = std::set<std::string>;

Names NamesOf(const ExampleFile& file) {
  Names names;
  for (const Example& example : file.examples) {
    names.insert(example.labels.begin(), example.labels.end());
  }
  return names;
}

std::vector<std::string> Difference(const Names& from, const Names& without) {
  std::vector<std::string> rest;
  std::set_difference(from.begin(), from.end(), without.begin(), without.end(),
                      std::back_inserter(rest));
  return rest;
}

// "3 labels: "a", "b", "c"", the first ten of them.
std::string Listed(const std::vector<std::string>& names) {
  constexpr size_t kShown = 10;
  const auto end = names.begin() + std::min(kShown, names.size());
  const auto quoted = [](std::string* out, const std::string& name) {
    absl::StrAppend(out, "\"", checkpoint::Printable(name), "\"");
  };
  return absl::StrCat(names.size(), names.size() == 1 ? " label: " : " labels: ",
                      absl::StrJoin(names.begin(), end, ", ", quoted),
                      names.size() > kShown ? ", …" : "");
}

absl::Status NoExamples(const ExampleFile& file) {
  return absl::InvalidArgumentError(absl::StrCat(file.path, ": found no examples"));
}

}  // namespace

LabelSet::LabelSet(std::vector<std::string> names) : names_(std::move(names)) {
  for (size_t i = 0; i < names_.size(); ++i) index_.emplace(names_[i], static_cast<int32_t>(i));
}

LabelSet LabelSet::Collect(const ExampleFile& file, const std::vector<std::string>& start_from) {
  const Names names = NamesOf(file);
  const Names known(start_from.begin(), start_from.end());
  if (std::includes(known.begin(), known.end(), names.begin(), names.end())) {
    return LabelSet(start_from);
  }
  return LabelSet({names.begin(), names.end()});
}

std::optional<int32_t> LabelSet::Find(absl::string_view name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

absl::Status CheckDataSets(const ExampleFile& train, const ExampleFile& eval) {
  if (train.examples.empty()) return NoExamples(train);
  if (eval.examples.empty()) return NoExamples(eval);
  if (train.multi_label != eval.multi_label) {
    const auto form = [](const ExampleFile& file) {
      return file.multi_label ? "lists of labels" : "one label a document";
    };
    return absl::InvalidArgumentError(absl::StrCat(eval.path, ": found ", form(eval), ", expected ",
                                                   form(train), " as in ", train.path));
  }
  const Names trained = NamesOf(train);
  const Names evaluated = NamesOf(eval);
  if (trained.size() < 2) {
    return absl::InvalidArgumentError(absl::StrCat(train.path, ": found ",
                                                   Listed({trained.begin(), trained.end()}),
                                                   ", expected two or more"));
  }
  if (const auto lacking = Difference(evaluated, trained); !lacking.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(eval.path, ": no example in the training set ",
                                                   train.path, " of ", Listed(lacking)));
  }
  if (const auto lacking = Difference(trained, evaluated); !lacking.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(eval.path, ": no example in the evaluation set of ", Listed(lacking)));
  }
  return absl::OkStatus();
}

absl::Status CheckLabelsKnown(const ExampleFile& file, const LabelSet& labels) {
  if (file.examples.empty()) return NoExamples(file);
  const Names known(labels.names().begin(), labels.names().end());
  const auto lacking = Difference(NamesOf(file), known);
  if (lacking.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(file.path, ": the model does not know ", Listed(lacking)));
}

}  // namespace diffuser::training
