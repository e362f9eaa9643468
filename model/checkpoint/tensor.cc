#include "model/checkpoint/tensor.h"

#include <bit>
#include <cstring>
#include <functional>
#include <numeric>

namespace diffuser::checkpoint {
namespace {

float WidenBFloat16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

// binary16 has 5 exponent bits (bias 15) and 10 mantissa bits, binary32 has 8 (bias 127) and 23.
float WidenFloat16(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1f;
  const uint32_t mantissa = bits & 0x3ff;
  if (exponent == 0) {  // zero or subnormal: mantissa * 2^-24, a normal number in float32
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  const uint32_t widened = exponent == 0x1f ? 0xff : exponent + (127 - 15);
  return std::bit_cast<float>(sign | widened << 23 | mantissa << 13);
}

template <float (*kWiden)(uint16_t)>
void WidenAll(Bytes bytes, absl::Span<float> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = kWiden(LoadLittleEndian<uint16_t>(bytes, i * sizeof(uint16_t)));
  }
}

}  // namespace

int64_t Tensor::elements() const {
  return std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
}

void Tensor::CopyTo(absl::Span<float> out) const {
  switch (dtype) {
    case DType::kFloat32:
      if (!out.empty()) std::memcpy(out.data(), bytes.data(), out.size() * sizeof(float));
      return;
    case DType::kFloat16:
      return WidenAll<WidenFloat16>(bytes, out);
    case DType::kBFloat16:
      return WidenAll<WidenBFloat16>(bytes, out);
  }
}

}  // namespace diffuser::checkpoint
