#ifndef DIFFUSER_MODEL_CHECKPOINT_CONFIG_WRITER_H_
#define DIFFUSER_MODEL_CHECKPOINT_CONFIG_WRITER_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/model_config.h"

namespace diffuser::checkpoint {

// A config.json that ParseConfig reads back as `config`, made from the text of another one: every
// key that says what ModelConfig says is set anew (model_type, architectures, id2label and
// label2id, problem_type, label_thresholds by label name where one is not 0.5, attention_window one
// a layer, ...), all other keys stay as they are in `base`. `origin` names `base` in messages.
//
// REQUIRES: config.label_thresholds is empty or one a label.
// Errors: INVALID_ARGUMENT (`base` is no JSON object; a label is no UTF-8).
absl::StatusOr<std::string> ConfigJson(const model::ModelConfig& config,
                                       absl::string_view base = "{}",
                                       absl::string_view origin = "config.json");

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_CONFIG_WRITER_H_
