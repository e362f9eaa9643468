#ifndef DIFFUSER_MODEL_CHECKPOINT_CONFIG_H_
#define DIFFUSER_MODEL_CHECKPOINT_CONFIG_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "model/model_config.h"

namespace diffuser::checkpoint {

// Reads a Hugging Face config.json of a Diffuser checkpoint and checks every bound that ModelConfig
// names, and upper bounds far above every real model, so that no size computed from it overflows.
// Keys it does not know are ignored; keys it needs must be there:
//
//   vocab_size, hidden_size, num_hidden_layers, num_attention_heads, intermediate_size,
//   max_position_embeddings, attention_window (an integer, or one a layer), num_rand, num_glob
//
// The others default as in the published code: type_vocab_size 1, layer_norm_eps 1e-5, hidden_act
// gelu, pad_token_id 1, bos_token_id 0, eos_token_id 2, diffusion_hops 5, diffusion_alpha 0.1, two
// labels, problem_type single_label_classification (regression where there is one label), head
// (`architectures`) classification. A masked-LM config has no labels and no label_thresholds.
//
// Errors: NOT_FOUND (no file), INVALID_ARGUMENT naming file, key, what was found and what is
// expected.
absl::StatusOr<model::ModelConfig> ReadConfig(const std::string& path);

// The same on text; `origin` names it in messages.
absl::StatusOr<model::ModelConfig> ParseConfig(std::string_view json, std::string_view origin);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_CONFIG_H_
