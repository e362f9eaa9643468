#ifndef DIFFUSER_TESTS_MODEL_CHECKPOINT_SMALL_CONFIG_H_
#define DIFFUSER_TESTS_MODEL_CHECKPOINT_SMALL_CONFIG_H_

#include "model/model_config.h"

namespace diffuser::checkpoint {

// The smallest classifier whose extents all differ: a checkpoint of 12 KB.
inline model::ModelConfig SmallConfig() {
  model::ModelConfig config;
  config.vocab_size = 30;
  config.hidden_size = 8;
  config.num_layers = 2;
  config.num_heads = 2;
  config.intermediate_size = 12;
  config.max_position_embeddings = 20;
  config.attention_window = 4;
  config.num_rand = 1;
  config.num_glob = 1;
  config.labels = {"a", "b", "c"};
  return config;
}

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_TESTS_MODEL_CHECKPOINT_SMALL_CONFIG_H_
