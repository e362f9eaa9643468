#ifndef DIFFUSER_MODEL_LAYERS_INT8_WEIGHT_H_
#define DIFFUSER_MODEL_LAYERS_INT8_WEIGHT_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/kernels/rows/row_kernels.h"

namespace diffuser::layers {

// Whether this machine multiplies whole numbers faster than floats.
bool HasInt8();

// The whole numbers of quantised rows whose values lie on both sides of 0, and of those that an
// activation gives: gelu's go no lower than -0.17, relu's not below 0. They have 8 bits, or 7 where
// the machine adds products of neighbours in 16 bits (AVX2 and AVX-512 without VNNI).
kernels::QuantizedRange Int8Range(kernels::RowActivation activation);

// The weight of a linear layer in whole numbers from -127 to 127, with a scale of its own for every
// output, packed for oneDNN. Immutable and thread-safe.
class Int8Weight {
 public:
  // `weight` [out, in], float32, contiguous; it may go away afterwards. REQUIRES: HasInt8().
  explicit Int8Weight(const at::Tensor& weight);

  // rows, [rows, in] uint8, without their scales: (rows - zero) Wᵀ -> [rows, out], float32. The
  // sums are of whole numbers: exact, in every batch.
  at::Tensor Multiply(const at::Tensor& rows, int zero) const;

  int64_t bytes() const { return bytes_; }

 private:
  at::Tensor packed_, scales_, zero_points_;
  int64_t bytes_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_INT8_WEIGHT_H_
