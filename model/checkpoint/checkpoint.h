#ifndef DIFFUSER_MODEL_CHECKPOINT_CHECKPOINT_H_
#define DIFFUSER_MODEL_CHECKPOINT_CHECKPOINT_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "model/checkpoint/tensor.h"
#include "model/model_config.h"

namespace diffuser::checkpoint {

// The weights of one checkpoint directory: config.json beside model.safetensors, or its shards with
// model.safetensors.index.json, or pytorch_model.bin (whose pickle is read, never executed).
//
// Names are without the optional `diffuser.` prefix. Once open, exactly the tensors that the config
// calls for are there, each of the right shape, all inside their files.
//
// Owns the file mappings: tensors stay valid as long as it lives. Immutable and thread-safe.
class Checkpoint {
 public:
  // Errors: NOT_FOUND (directory or file absent), INVALID_ARGUMENT naming file and tensor, what was
  // found and what is expected (missing, extra, misshapen, truncated, overlapping, unknown type),
  // PERMISSION_DENIED (a file that may not be read).
  static absl::StatusOr<std::unique_ptr<const Checkpoint>> Open(const std::string& dir);

  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;
  ~Checkpoint();

  const model::ModelConfig& config() const { return config_; }

  // REQUIRES: the config calls for `name` (has(name) for the optional ones:
  // lm_head.decoder.weight, absent where it is tied to the word embeddings).
  const Tensor& tensor(std::string_view name) const;
  bool has(std::string_view name) const;

  // Gives the memory of the mapped files back to the system; for after the weights were packed.
  // Tensors stay valid: what is read again comes from the page cache.
  void ReleasePages() const;

 private:
  Checkpoint();

  struct Mappings;
  model::ModelConfig config_;
  absl::flat_hash_map<std::string, Tensor> tensors_;
  std::unique_ptr<const Mappings> mappings_;
};

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_CHECKPOINT_H_
