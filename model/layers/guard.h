#ifndef DIFFUSER_MODEL_LAYERS_GUARD_H_
#define DIFFUSER_MODEL_LAYERS_GUARD_H_

#include <functional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

namespace diffuser::layers {

// Runs `body`, which may throw what LibTorch throws, and gives back a Status in its place: out of
// memory is RESOURCE_EXHAUSTED, anything else INTERNAL without details, which go to `report`
// (may be null). The one place where exceptions end.
absl::Status GuardTorch(const std::function<void(const std::string&)>& report,
                        absl::FunctionRef<absl::Status()> body);

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_GUARD_H_
