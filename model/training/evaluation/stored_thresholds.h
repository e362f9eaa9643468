#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_STORED_THRESHOLDS_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_STORED_THRESHOLDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace diffuser::training {

// Writes the thresholds into config.json of the checkpoint `dir`, as `label_thresholds` by label
// name, from where the server takes them when it loads the checkpoint anew. All other keys stay as
// they are, in their order. The file is replaced as a whole or not at all.
// REQUIRES: labels.size() == thresholds.size(); labels are UTF-8.
// Errors: INVALID_ARGUMENT (config.json is no JSON object), those of reading and writing
// (RESOURCE_EXHAUSTED: disk full).
absl::Status StoreThresholds(const std::string& dir, const std::vector<std::string>& labels,
                             absl::Span<const float> thresholds);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_STORED_THRESHOLDS_H_
