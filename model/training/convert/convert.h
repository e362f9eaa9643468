#ifndef DIFFUSER_MODEL_TRAINING_CONVERT_CONVERT_H_
#define DIFFUSER_MODEL_TRAINING_CONVERT_CONVERT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/model_config.h"

namespace diffuser::training {

struct ConvertOptions {
  // A RoBERTa checkpoint directory in Hugging Face form: config.json, weights (safetensors, shards
  // of it, or pytorch_model.bin), tokenizer.
  std::string from;
  // The directory to make.
  std::string output;
  // Whether `output` may be there already; its files are then replaced one by one.
  bool overwrite = false;
  // The attention graph, as in ModelConfig.
  int attention_window = 64;
  int num_rand = 64;
  int num_glob = 64;
  // Rows of position embeddings: the longest document in tokens and pad_token_id + 1 more.
  int max_position_embeddings = 4098;
  // Names by logit index; empty: those that the checkpoint has.
  std::vector<std::string> labels;
  // Of a head that is made anew.
  uint64_t seed = 0;
};

// What became of the parts of the checkpoint.
struct ConvertReport {
  model::ModelConfig config;    // of the result
  int source_positions = 0;     // rows of position embeddings before
  std::string new_head_reason;  // why the classification head was made anew; empty: it was kept
  std::vector<std::string> dropped;  // names of tensors that the result has no place for
  std::vector<std::string> copied;   // names of the tokenizer's files
};

// Makes a Diffuser checkpoint of a RoBERTa one, to be fine-tuned: the same tensors in float32 under
// other names. Position embeddings go on by repetition of the rows after the first
// pad_token_id + 1, or end earlier. The classification head is kept where it has as many labels;
// otherwise it is drawn from a normal distribution (deviation 0.02, biases 0) by `seed`, the same
// always. Pooler and masked-LM head are dropped. All else in config.json stays.
//
// Nothing is written before everything has been checked, and config.json comes last, so that a
// directory that was not finished does not open.
// Errors: NOT_FOUND (directory, config or weights), INVALID_ARGUMENT (no RoBERTa, a tensor missing,
// misshapen or unknown, an option out of range, a tokenizer with more ids than the model; names
// file and what is wrong), ALREADY_EXISTS (`output`, without `overwrite`), RESOURCE_EXHAUSTED (disk
// full), PERMISSION_DENIED.
absl::StatusOr<ConvertReport> ConvertRoberta(const ConvertOptions& options);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CONVERT_CONVERT_H_
