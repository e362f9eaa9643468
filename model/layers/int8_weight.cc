#include "model/layers/int8_weight.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "model/kernels/rows/row_kernels.h"
#include "model/layers/onednn_linear.h"

namespace diffuser::layers {
namespace {

constexpr int kWeightZero = 128;
constexpr int64_t kGrainRows = 64;

struct Quantized {
  at::Tensor values;  // [out, in], int8
  at::Tensor scales;  // [out]
};

Quantized QuantizeByOutput(const at::Tensor& weight) {
  at::Tensor bytes = at::empty(weight.sizes(), at::kByte);
  at::Tensor scales = at::empty({weight.size(0)}, at::kFloat);
  const int64_t width = weight.size(1);
  at::parallel_for(0, weight.size(0), kGrainRows, [&](int64_t first, int64_t end) {
    kernels::ConvertRows({.rows = end - first, .width = width},
                         {.values = weight.const_data_ptr<float>() + first * width},
                         kernels::RowActivation::kNone,
                         {.quantized = bytes.mutable_data_ptr<uint8_t>() + first * width,
                          .scales = scales.mutable_data_ptr<float>() + first,
                          .range = {.zero = kWeightZero, .top = 2 * kWeightZero - 1}});
  });
  // Less the zero point, modulo 256.
  return {bytes.bitwise_xor_(kWeightZero).view(at::kChar), scales};
}

// Products at the ends of the ranges, whose sums of two do not fit 16 bits.
bool OverflowsAtEightBits() {
  constexpr int64_t kRows = 32, kIn = 256, kOut = 64;
  const at::Tensor weight = at::full({kOut, kIn}, 127, at::kChar);
  const at::Tensor y =
      OneDnnInt8Linear(at::full({kRows, kIn}, 255, at::kByte), 0, PackInt8ForOneDnn(weight),
                       at::full({kOut}, 1.0, at::kFloat), at::zeros({kOut}, at::kInt));
  return !y.equal(at::full({kRows, kOut}, 255.0 * 127.0 * kIn, at::kFloat));
}

}  // namespace

bool HasInt8() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2");
#else
  return false;
#endif
}

kernels::QuantizedRange Int8Range(kernels::RowActivation activation) {
  static const int top = OverflowsAtEightBits() ? 127 : 255;
  switch (activation) {
    case kernels::RowActivation::kRelu:
      return {.zero = 0, .top = top};
    case kernels::RowActivation::kGelu:
    case kernels::RowActivation::kGeluTanh:
      return {.zero = (top + 1) / 16, .top = top};
    case kernels::RowActivation::kNone:
      break;
  }
  return {.zero = (top + 1) / 2, .top = top};
}

Int8Weight::Int8Weight(const at::Tensor& weight) {
  const Quantized quantized = QuantizeByOutput(weight);
  packed_ = PackInt8ForOneDnn(quantized.values);
  scales_ = quantized.scales;
  zero_points_ = at::zeros({weight.size(0)}, at::kInt);
  bytes_ = weight.numel() + static_cast<int64_t>(scales_.nbytes() + zero_points_.nbytes());
}

at::Tensor Int8Weight::Multiply(const at::Tensor& rows, int zero) const {
  return OneDnnInt8Linear(rows, zero, packed_, scales_, zero_points_);
}

}  // namespace diffuser::layers
