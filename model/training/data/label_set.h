#ifndef DIFFUSER_MODEL_TRAINING_DATA_LABEL_SET_H_
#define DIFFUSER_MODEL_TRAINING_DATA_LABEL_SET_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/training/data/examples.h"

namespace diffuser::training {

// The labels of a model by logit index. A value type.
class LabelSet {
 public:
  // REQUIRES: names are distinct.
  explicit LabelSet(std::vector<std::string> names);

  // The labels of a data set: sorted by their bytes; or all of `start_from` in its own order (the
  // labels of the checkpoint that training starts from) where each label of the data is among them.
  static LabelSet Collect(const ExampleFile& file, const std::vector<std::string>& start_from = {});

  int size() const { return static_cast<int>(names_.size()); }
  const std::vector<std::string>& names() const { return names_; }

  // The logit index of a label; nullopt where it is none of the set.
  std::optional<int32_t> Find(absl::string_view name) const;

 private:
  std::vector<std::string> names_;
  absl::flat_hash_map<std::string, int32_t> index_;
};

// What must hold of the two data sets before training starts.
// Errors: INVALID_ARGUMENT naming the file and the labels: no examples, one file with single labels
// and one with many, fewer than two labels in the training set, labels of the training set without
// an example in the evaluation set, labels of the evaluation set that the training set lacks.
absl::Status CheckDataSets(const ExampleFile& train, const ExampleFile& eval);

// Errors: INVALID_ARGUMENT: no examples, or examples with labels that are none of `labels`.
absl::Status CheckLabelsKnown(const ExampleFile& file, const LabelSet& labels);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_DATA_LABEL_SET_H_
