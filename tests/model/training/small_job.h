#ifndef DIFFUSER_TESTS_MODEL_TRAINING_SMALL_JOB_H_
#define DIFFUSER_TESTS_MODEL_TRAINING_SMALL_JOB_H_

#include <cstdint>
#include <vector>

#include "model/model_config.h"
#include "model/training/data/tokenized_dataset.h"

// A model and a data set small enough to train within a test.
namespace diffuser::training::testing {

inline model::ModelConfig SmallConfig(model::ProblemType type) {
  model::ModelConfig config;
  config.vocab_size = 60;
  config.hidden_size = 16;
  config.num_layers = 2;
  config.num_heads = 2;
  config.intermediate_size = 32;
  config.max_position_embeddings = 200;
  config.attention_window = 8;
  config.num_rand = 2;
  config.num_glob = 4;
  config.problem_type = type;
  config.labels = {"a", "b", "c"};
  config.label_thresholds = {0.5f, 0.5f, 0.5f};
  return config;
}

// `rows` documents of 3 to 40 tokens; a document of label n holds the token 10 + n somewhere.
inline TokenizedDataset SmallDataset(int rows) {
  std::vector<std::vector<int32_t>> ids, labels;
  for (int row = 0; row < rows; ++row) {
    const int length = 3 + row * 7 % 38;
    std::vector<int32_t> document = {0};
    for (int t = 1; t + 1 < length; ++t) document.push_back(20 + (row * 13 + t * 5) % 40);
    document.push_back(2);
    document[1 + row % (length - 2)] = 10 + row % 3;
    ids.push_back(document);
    labels.push_back({row % 3});
  }
  return TokenizedDataset::FromIds(ids, labels);
}

}  // namespace diffuser::training::testing

#endif  // DIFFUSER_TESTS_MODEL_TRAINING_SMALL_JOB_H_
