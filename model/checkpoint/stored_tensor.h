#ifndef DIFFUSER_MODEL_CHECKPOINT_STORED_TENSOR_H_
#define DIFFUSER_MODEL_CHECKPOINT_STORED_TENSOR_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "model/checkpoint/bytes.h"

namespace diffuser::checkpoint {

// One tensor as a weight file holds it: of any type, known to lie inside its file, not yet compared
// with what the config calls for. Does not own its bytes.
struct StoredTensor {
  std::string file;   // for messages
  std::string dtype;  // as safetensors names it: "F32", "I64"
  std::vector<int64_t> shape;
  // Elements from one index to the next, by dimension; empty where the tensor is row-major without
  // gaps.
  std::vector<int64_t> strides;
  Bytes bytes;  // from the first element to the last
};

// By name as the file has it; ordered, so that messages do not depend on a hash.
using StoredTensors = std::map<std::string, StoredTensor, std::less<>>;

// Bytes an element of `dtype` takes, 0 where the name is unknown.
int64_t ElementBytes(absl::string_view dtype);

// The product of a shape's extents, or nothing where it is no 64-bit number.
// REQUIRES: every extent >= 0.
std::optional<int64_t> ElementCount(absl::Span<const int64_t> shape);

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_STORED_TENSOR_H_
