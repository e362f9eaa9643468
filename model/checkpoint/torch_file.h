#ifndef DIFFUSER_MODEL_CHECKPOINT_TORCH_FILE_H_
#define DIFFUSER_MODEL_CHECKPOINT_TORCH_FILE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/stored_tensor.h"

namespace diffuser::checkpoint {

// Reads a state dict that torch.save wrote (pytorch_model.bin): a zip archive with a pickle, which
// is read as data and never executed, and one entry of raw bytes a storage. Tensors that are views
// of their storage keep their strides. The forms of before torch 1.6 (no zip) are refused.
//
// The tensors point into `file`, which must outlive them; `origin` names it in messages.
// Errors: INVALID_ARGUMENT naming file and tensor.
absl::StatusOr<StoredTensors> ReadTorchFile(Bytes file, absl::string_view origin);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_TORCH_FILE_H_
