#ifndef DIFFUSER_MODEL_CHECKPOINT_SHARDED_H_
#define DIFFUSER_MODEL_CHECKPOINT_SHARDED_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/checkpoint/mapped_file.h"
#include "model/checkpoint/stored_tensor.h"

namespace diffuser::checkpoint {

inline constexpr char kShardIndexFile[] = "model.safetensors.index.json";

// Reads the shards that DIR/model.safetensors.index.json (`index`) names: its weight_map says for
// every tensor in which file of the same directory it is, and the shards must agree with it.
// Appends the shards' mappings to `files`, which must outlive the tensors.
// Errors: NOT_FOUND (a shard is absent), INVALID_ARGUMENT naming file and tensor (also for a
// shard's name that is not a plain file name).
absl::StatusOr<StoredTensors> ReadSharded(const std::string& dir, const MappedFile& index,
                                          std::vector<MappedFile>& files);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_SHARDED_H_
