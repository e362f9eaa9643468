#ifndef DIFFUSER_MODEL_CHECKPOINT_SAFETENSORS_H_
#define DIFFUSER_MODEL_CHECKPOINT_SAFETENSORS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/stored_tensor.h"

namespace diffuser::checkpoint {

// Reads a safetensors file: eight bytes of header length, a JSON header of names with type, shape
// and byte range, then the data. The ranges must cover the data without overlap or gap, and each
// must be of the size that its shape asks for.
//
// The tensors point into `file`, which must outlive them; `origin` names it in messages.
// Errors: INVALID_ARGUMENT naming file and tensor.
absl::StatusOr<StoredTensors> ReadSafetensors(Bytes file, absl::string_view origin);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_SAFETENSORS_H_
