#include "model/layers/parameters.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace diffuser::layers {

CheckpointParameters::CheckpointParameters(std::shared_ptr<const checkpoint::Checkpoint> checkpoint)
    : checkpoint_(std::move(checkpoint)) {}

at::Tensor CheckpointParameters::Get(std::string_view name) const {
  const checkpoint::Tensor& tensor = checkpoint_->tensor(name);
  const bool aligned = reinterpret_cast<uintptr_t>(tensor.bytes.data()) % alignof(float) == 0;
  if (tensor.dtype == checkpoint::DType::kFloat32 && aligned) {
    // LibTorch has no tensor of const data; nothing in the encoder writes to its weights.
    return at::from_blob(const_cast<std::byte*>(tensor.bytes.data()), tensor.shape, at::kFloat);
  }
  at::Tensor copy = at::empty(tensor.shape, at::kFloat);
  tensor.CopyTo({copy.mutable_data_ptr<float>(), static_cast<size_t>(tensor.elements())});
  return copy;
}

}  // namespace diffuser::layers
