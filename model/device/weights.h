#ifndef DIFFUSER_MODEL_DEVICE_WEIGHTS_H_
#define DIFFUSER_MODEL_DEVICE_WEIGHTS_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/device/encoder_kernels.h"
#include "model/layers/parameters.h"

namespace diffuser::device {

// A dense layer, whose bias is added by whatever follows the product.
struct DenseWeights {
  at::Tensor transposed;  // [in, out], a view of the [out, in] that a checkpoint has
  at::Tensor bias;        // [out], float32
};

struct LayerWeights {
  at::Tensor qkv;       // [hidden, 3 * hidden], a transposed view
  at::Tensor qkv_bias;  // [3 * hidden], of the same type
  DenseWeights attention_output, intermediate, output;
  NormWeights attention_norm, output_norm;
};

// The classification head, all in float32.
struct HeadWeights {
  DenseWeights dense, out_proj;
};

// A classifier's parameters on a device: matrices and tables in the type of the hidden states, the
// rest in float32. Immutable, so one copy serves all that computes there.
struct DeviceWeights {
  // Blocks: until all is copied. Throws what LibTorch throws. REQUIRES: the config has a
  // classification head.
  DeviceWeights(const layers::ParameterSource& parameters, c10::Device target,
                at::ScalarType type_of_rows);

  c10::Device device;
  at::ScalarType type;
  EmbeddingTables embeddings;
  NormWeights embeddings_norm;
  std::vector<LayerWeights> layers;
  HeadWeights head;
  int64_t bytes = 0;
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_WEIGHTS_H_
