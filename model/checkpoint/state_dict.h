#ifndef DIFFUSER_MODEL_CHECKPOINT_STATE_DICT_H_
#define DIFFUSER_MODEL_CHECKPOINT_STATE_DICT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/stored_tensor.h"
#include "model/checkpoint/tensor.h"
#include "model/model_config.h"

namespace diffuser::checkpoint {

// A tensor that a config calls for; names are without the `diffuser.` prefix.
struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
  bool is_required = true;
};

// Everything that the config's encoder and head hold, in the order of computation.
std::vector<ExpectedTensor> ExpectedTensors(const model::ModelConfig& config);

// The tensors of a checkpoint under their expected names.
struct StateDict {
  absl::flat_hash_map<std::string, Tensor> tensors;
  // Owns: row-major copies of the tensors that the file holds in another order.
  std::vector<std::vector<std::byte>> copies;
};

// Compares what the weight files hold with what the config calls for: every expected tensor, of its
// shape and of a float type, and no other but the buffer embeddings.position_ids, which is dropped.
// The bias of the masked-LM decoder becomes lm_head.bias, whichever of its two names it has.
// `origin` names the weight file (or the shards' index) in messages.
// Errors: INVALID_ARGUMENT naming file and tensor.
absl::StatusOr<StateDict> MakeStateDict(const model::ModelConfig& config, StoredTensors stored,
                                        absl::string_view origin);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_STATE_DICT_H_
