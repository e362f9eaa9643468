#ifndef DIFFUSER_MODEL_DEVICE_SELF_CHECK_H_
#define DIFFUSER_MODEL_DEVICE_SELF_CHECK_H_

#include "absl/status/status.h"
#include "model/device/encoder_kernels.h"
#include "model/device/runtime.h"
#include "model/model_config.h"

namespace diffuser::device {

// Whether kernels agree with trusted ones, on that device, on made-up rows of `type`: the attention
// of documents of several lengths, the longest included, and the work on rows, each within 2 % of
// the largest answer. Run when a model is loaded: compiled code that passed its tests may still
// meet a driver or a device that makes something else of it. Blocks: while it computes. Throws what
// the kernels throw. Errors: FAILED_PRECONDITION (they do not agree; the message says on what and
// by how much).
absl::Status CheckKernels(Runtime& runtime, const model::ModelConfig& config, at::ScalarType type,
                          const EncoderKernels& trusted, const EncoderKernels& kernels);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_SELF_CHECK_H_
