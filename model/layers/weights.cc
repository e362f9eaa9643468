#include "model/layers/weights.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/layer_norm.h>

#include <cstddef>
#include <cstdint>

namespace diffuser::layers {

at::Tensor FloatWeight(const checkpoint::Checkpoint& checkpoint, std::string_view name) {
  const checkpoint::Tensor& tensor = checkpoint.tensor(name);
  const bool aligned = reinterpret_cast<uintptr_t>(tensor.bytes.data()) % alignof(float) == 0;
  if (tensor.dtype == checkpoint::DType::kFloat32 && aligned) {
    // LibTorch has no tensor of const data; nothing in the encoder writes to its weights.
    return at::from_blob(const_cast<std::byte*>(tensor.bytes.data()), tensor.shape, at::kFloat);
  }
  at::Tensor copy = at::empty(tensor.shape, at::kFloat);
  tensor.CopyTo({copy.mutable_data_ptr<float>(), static_cast<size_t>(tensor.elements())});
  return copy;
}

LayerNorm::LayerNorm(const checkpoint::Checkpoint& checkpoint, const std::string& name)
    : weight_(FloatWeight(checkpoint, name + ".weight")),
      bias_(FloatWeight(checkpoint, name + ".bias")),
      epsilon_(checkpoint.config().layer_norm_eps) {}

at::Tensor LayerNorm::Forward(const at::Tensor& x) const {
  return at::layer_norm(x, {x.size(-1)}, weight_, bias_, epsilon_);
}

}  // namespace diffuser::layers
