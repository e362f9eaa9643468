#ifndef DIFFUSER_MODEL_CHECKPOINT_CONFIG_H_
#define DIFFUSER_MODEL_CHECKPOINT_CONFIG_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/model_config.h"

namespace diffuser::checkpoint {

// Reads a Hugging Face config.json of a Diffuser checkpoint and checks every bound that ModelConfig
// names. Keys it does not know are ignored; keys it needs must be there.
// Errors: NOT_FOUND (no file), INVALID_ARGUMENT naming file, key, what was found and what is expected.
absl::StatusOr<model::ModelConfig> ReadConfig(const std::string& path);

// The same on text; `origin` names it in messages.
absl::StatusOr<model::ModelConfig> ParseConfig(std::string_view json, std::string_view origin);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_CONFIG_H_
