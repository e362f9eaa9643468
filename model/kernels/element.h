#ifndef DIFFUSER_MODEL_KERNELS_ELEMENT_H_
#define DIFFUSER_MODEL_KERNELS_ELEMENT_H_

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace diffuser::kernels {

// What the projections of a batch, and what is made of them, consist of. A bfloat16 is the upper
// half of a float32: the same range, with 8 bits of precision.
enum class Element { kFloat32, kBFloat16 };

using BFloat16 = uint16_t;  // its bits

constexpr size_t ElementBytes(Element element) {
  return element == Element::kFloat32 ? sizeof(float) : sizeof(BFloat16);
}

constexpr float ToFloat(BFloat16 value) {
  return std::bit_cast<float>(static_cast<uint32_t>(value) << 16);
}
constexpr float ToFloat(float value) { return value; }

// Rounds to the nearest, ties to even; a NaN stays one.
inline BFloat16 ToBFloat16(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<BFloat16>(bits >> 16 | 0x40);
  return static_cast<BFloat16>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// Element `index` of an array of them, its address alone.
inline const void* ElementAt(const void* base, Element element, int64_t index) {
  return static_cast<const char*>(base) + index * static_cast<int64_t>(ElementBytes(element));
}
inline void* ElementAt(void* base, Element element, int64_t index) {
  return static_cast<char*>(base) + index * static_cast<int64_t>(ElementBytes(element));
}

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_ELEMENT_H_
