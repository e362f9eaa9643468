#include "model/checkpoint/narrowing.h"

#include <bit>
#include <cmath>

namespace diffuser::checkpoint {
namespace {

// bits / 2^shift to the nearest integer, ties to even.
uint32_t RoundShift(uint32_t bits, int shift) {
  const uint32_t kept = bits >> shift;
  const uint32_t rest = bits & ((1u << shift) - 1);
  const uint32_t half = 1u << (shift - 1);
  return kept + (rest > half || (rest == half && (kept & 1) != 0));
}

}  // namespace

// A carry out of the mantissa goes into the exponent, which is what rounding up means there; from
// the largest finite number it makes infinity.
uint16_t NarrowToBFloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>(RoundShift(bits, 16));
}

// binary16 has 5 exponent bits (bias 15) and 10 mantissa bits, binary32 has 8 (bias 127) and 23.
uint16_t NarrowToFloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000;
  const uint32_t magnitude = bits & 0x7fffffff;
  const uint32_t exponent = magnitude >> 23;
  if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00);
  if (exponent > 127 + 15) return static_cast<uint16_t>(sign | 0x7c00);
  if (exponent > 127 - 15) {  // normal in both: lower the bias, drop 13 bits
    const uint32_t rebased = magnitude - (uint32_t{127 - 15} << 23);
    return static_cast<uint16_t>(sign | RoundShift(rebased, 13));
  }
  if (exponent < 127 - 25) return static_cast<uint16_t>(sign);  // below half of 2^-24
  // Subnormal: a multiple of 2^-24.
  const uint32_t mantissa = (magnitude & 0x7fffff) | 0x800000;
  return static_cast<uint16_t>(sign | RoundShift(mantissa, 126 - static_cast<int>(exponent)));
}

}  // namespace diffuser::checkpoint
