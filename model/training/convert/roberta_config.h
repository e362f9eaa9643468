#ifndef DIFFUSER_MODEL_TRAINING_CONVERT_ROBERTA_CONFIG_H_
#define DIFFUSER_MODEL_TRAINING_CONVERT_ROBERTA_CONFIG_H_

#include <string>

#include "absl/status/statusor.h"
#include "model/model_config.h"
#include "model/training/convert/convert.h"

namespace diffuser::training {

struct RobertaConfig {
  // The result's shape, but for max_position_embeddings, which is the RoBERTa checkpoint's own.
  model::ModelConfig source;
  // The result's.
  model::ModelConfig target;
  // The result's config.json: every key of RoBERTa's that says nothing else stays.
  std::string json;
};

// Reads OPTIONS.from/config.json.
// Errors: NOT_FOUND (no file), INVALID_ARGUMENT (no RoBERTa; a key that has no place in a Diffuser
// encoder or is out of range; an option out of range).
absl::StatusOr<RobertaConfig> ReadRobertaConfig(const ConvertOptions& options);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CONVERT_ROBERTA_CONFIG_H_
