#ifndef DIFFUSER_MODEL_CHECKPOINT_TENSOR_H_
#define DIFFUSER_MODEL_CHECKPOINT_TENSOR_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "model/checkpoint/bytes.h"

namespace diffuser::checkpoint {

enum class DType { kFloat32, kFloat16, kBFloat16 };

// One tensor in a mapped file, row-major and contiguous. Does not own its bytes, which need not be
// aligned to the element's size.
struct Tensor {
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  absl::Span<const std::byte> bytes;

  int64_t elements() const;
  // Writes the elements, widened to float32 (exactly: subnormals, infinities and NaN included), to
  // out. REQUIRES: out.size() == elements().
  void CopyTo(absl::Span<float> out) const;
};

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_TENSOR_H_
