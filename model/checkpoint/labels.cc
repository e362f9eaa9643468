#include "model/checkpoint/labels.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "model/checkpoint/json_text.h"
#include "model/checkpoint/messages.h"

namespace diffuser::checkpoint {
namespace {

using nlohmann::json;

constexpr int kMostLabels = 1 << 20;
constexpr int kDefaultLabels = 2;
constexpr float kDefaultThreshold = 0.5f;

void CheckNames(const char* key, const std::vector<std::string>& labels, FieldReader& fields) {
  absl::flat_hash_set<absl::string_view> seen;
  for (const std::string& label : labels) {
    if (label.empty()) fields.Fail(key, "an empty label name", "names that are not empty");
    if (!seen.insert(label).second) {
      fields.Fail(key, absl::StrCat("\"", Printable(label), "\" twice"), "distinct names");
    }
  }
}

std::vector<std::string> FromIdToLabel(const json& map, FieldReader& fields) {
  static constexpr char kKey[] = "id2label";
  std::vector<std::string> labels;
  if (!map.is_object() || map.empty() || map.size() > kMostLabels) {
    fields.Fail(kKey, Describe(map), absl::StrCat("an object of 1 to ", kMostLabels, " keys"));
    return labels;
  }
  for (size_t i = 0; i < map.size() && fields.status().ok(); ++i) {
    const auto entry = map.find(absl::StrCat(i));
    if (entry == map.end()) {
      fields.Fail(kKey, absl::StrCat("no key \"", i, "\" among ", map.size()),
                  absl::StrCat("the keys \"0\" to \"", map.size() - 1, "\""));
    } else if (!entry->is_string()) {
      fields.Fail(kKey, absl::StrCat(Describe(*entry), " at \"", i, "\""), "a label name");
    } else {
      labels.push_back(entry->get<std::string>());
    }
  }
  CheckNames(kKey, labels, fields);
  return labels;
}

std::vector<std::string> FromLabelToId(const json& map, FieldReader& fields) {
  static constexpr char kKey[] = "label2id";
  if (!map.is_object() || map.empty() || map.size() > kMostLabels) {
    fields.Fail(kKey, Describe(map), absl::StrCat("an object of 1 to ", kMostLabels, " keys"));
    return {};
  }
  std::vector<std::string> labels(map.size());
  std::vector<bool> taken(map.size());
  for (const auto& [name, id] : map.items()) {
    const int index = fields.AsInt(kKey, id, {0, static_cast<int>(map.size()) - 1});
    if (taken[index]) fields.Fail(kKey, absl::StrCat("the id ", index, " twice"), "distinct ids");
    taken[index] = true;
    labels[index] = name;
  }
  CheckNames(kKey, labels, fields);
  return labels;
}

std::vector<std::string> Numbered(int count) {
  std::vector<std::string> labels;
  for (int i = 0; i < count; ++i) labels.push_back(absl::StrCat("LABEL_", i));
  return labels;
}

float AsThreshold(const json& value, FieldReader& fields) {
  const double number = value.is_number() ? value.get<double>() : -1;
  if (number >= 0 && number <= 1) return static_cast<float>(number);
  fields.Fail("label_thresholds", Describe(value), "a number from 0 to 1");
  return kDefaultThreshold;
}

}  // namespace

std::vector<std::string> ReadLabels(FieldReader& fields) {
  const json* id_to_label = fields.Find("id2label");
  const json* label_to_id = fields.Find("label2id");
  const IntRange counts{1, kMostLabels};
  if (id_to_label == nullptr && label_to_id == nullptr) {
    return Numbered(fields.Int("num_labels", counts, kDefaultLabels));
  }
  const std::vector<std::string> labels = id_to_label != nullptr
                                              ? FromIdToLabel(*id_to_label, fields)
                                              : FromLabelToId(*label_to_id, fields);
  const int named = std::max<int>(1, labels.size());
  const int count = fields.Int("num_labels", counts, named);
  if (count != named) {
    fields.Fail("num_labels", absl::StrCat(count),
                absl::StrCat(named, ", the labels that ",
                             id_to_label != nullptr ? "id2label" : "label2id", " names"));
  }
  return labels;
}

std::vector<float> ReadLabelThresholds(const std::vector<std::string>& labels,
                                       FieldReader& fields) {
  static constexpr char kKey[] = "label_thresholds";
  std::vector<float> thresholds(labels.size(), kDefaultThreshold);
  const json* given = fields.Find(kKey);
  if (given == nullptr) return thresholds;
  if (given->is_array() && given->size() == labels.size()) {
    for (size_t i = 0; i < labels.size(); ++i) thresholds[i] = AsThreshold((*given)[i], fields);
  } else if (given->is_object()) {
    size_t known = 0;
    for (size_t i = 0; i < labels.size(); ++i) {
      const auto entry = given->find(labels[i]);
      if (entry == given->end()) continue;
      thresholds[i] = AsThreshold(*entry, fields);
      ++known;
    }
    if (known < given->size()) {
      fields.Fail(kKey, absl::StrCat(given->size() - known, " names that are no label"),
                  "an object by label name");
    }
  } else {
    fields.Fail(kKey, Describe(*given),
                absl::StrCat("a list of ", labels.size(), " numbers or an object by label name"));
  }
  return thresholds;
}

}  // namespace diffuser::checkpoint
