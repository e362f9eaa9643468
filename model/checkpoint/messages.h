#ifndef DIFFUSER_MODEL_CHECKPOINT_MESSAGES_H_
#define DIFFUSER_MODEL_CHECKPOINT_MESSAGES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// How this folder's errors read: one line, "FILE: what, found, expected", whatever bytes a damaged
// file puts into its names.
namespace diffuser::checkpoint {

// INVALID_ARGUMENT "FILE: WHAT".
absl::Status Invalid(absl::string_view file, absl::string_view what);

// INVALID_ARGUMENT "FILE: tensor NAME: WHAT"; `name` is made printable.
absl::Status InvalidTensor(absl::string_view file, absl::string_view name, absl::string_view what);

// `text` on one line, cut at 120 bytes; escaped where it is not printable ASCII throughout.
std::string Printable(absl::string_view text);

// "[2, 3]"; a scalar is "[]".
std::string ShapeText(absl::Span<const int64_t> shape);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_MESSAGES_H_
