#ifndef DIFFUSER_MODEL_CHECKPOINT_WEIGHT_FILES_H_
#define DIFFUSER_MODEL_CHECKPOINT_WEIGHT_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/mapped_file.h"
#include "model/checkpoint/stored_tensor.h"

namespace diffuser::checkpoint {

// The tensors of a checkpoint directory as its files hold them, whatever model they are of.
struct WeightFiles {
  std::string origin;  // the weight file, or the shards' index, for messages
  StoredTensors tensors;
  std::vector<MappedFile> files;  // that the tensors' bytes lie in
};

// Reads model.safetensors, or else the shards of model.safetensors.index.json, or else
// pytorch_model.bin (whose pickle is read, never executed).
// Errors: NOT_FOUND (none of them is there), INVALID_ARGUMENT naming file and tensor (truncated,
// overlapping, unknown type), PERMISSION_DENIED.
absl::StatusOr<WeightFiles> ReadWeightFiles(const std::string& dir);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_WEIGHT_FILES_H_
