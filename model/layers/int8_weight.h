#ifndef DIFFUSER_MODEL_LAYERS_INT8_WEIGHT_H_
#define DIFFUSER_MODEL_LAYERS_INT8_WEIGHT_H_

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace diffuser::layers {

// Whether this machine multiplies whole numbers faster than floats.
bool HasInt8();

// What stands for 0 in quantised rows: 128, and 64 where the machine adds products of neighbours in
// 16 bits, which rows of more than 7 bits would overflow (AVX2 and AVX-512 without VNNI).
int Int8ZeroPoint();

// The weight of a linear layer in whole numbers from -127 to 127, with a scale of its own for every
// output, packed for oneDNN. Immutable and thread-safe.
class Int8Weight {
 public:
  // `weight` [out, in], float32, contiguous; it may go away afterwards. REQUIRES: HasInt8().
  explicit Int8Weight(const at::Tensor& weight);

  // rows, [rows, in] uint8, without their scales: (rows - Int8ZeroPoint()) Wᵀ -> [rows, out],
  // float32. The sums are of whole numbers: exact, in every batch.
  at::Tensor Multiply(const at::Tensor& rows) const;

  int64_t bytes() const { return bytes_; }

 private:
  at::Tensor packed_, scales_, zero_points_;
  int64_t bytes_;
};

}  // namespace diffuser::layers

#endif  // DIFFUSER_MODEL_LAYERS_INT8_WEIGHT_H_
