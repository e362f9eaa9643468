#ifndef DIFFUSER_MODEL_KERNELS_DROPOUT_MASK_H_
#define DIFFUSER_MODEL_KERNELS_DROPOUT_MASK_H_

#include <cstdint>

// Which elements a training pass drops. No mask is ever stored: whether an element is kept is a
// pure function of where it stands and of the pass's seed, so that the backward pass finds it
// again, and so that it hangs neither on threads, nor on the vector width, nor on how a kernel lays
// out its matrices. The function is an integer hash (two rounds of multiply and xor-shift): its 24
// upper bits are compared with the rate.
namespace diffuser::kernels {

// The matrices of one document and head that are masked: the attention weights, [L, L], and what
// hop k gives, [L, D], for k = 0, ..., K - 1.
inline constexpr uint32_t kAttentionPlane = 0;
constexpr uint32_t HopPlane(int hop) { return 1 + static_cast<uint32_t>(hop); }

inline constexpr uint32_t kColumnStep = 0x9e3779b9u;

constexpr uint32_t MixBits(uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  x ^= x >> 16;
  return x;
}

// The part of the hash that one document and head share.
constexpr uint32_t HeadKey(uint64_t seed, int document, int head) {
  uint32_t key = MixBits(static_cast<uint32_t>(seed) ^ 0x5bd1e995u);
  key = MixBits(key ^ static_cast<uint32_t>(seed >> 32));
  key = MixBits(key + static_cast<uint32_t>(document) * kColumnStep);
  return MixBits(key + static_cast<uint32_t>(head) * kColumnStep);
}

// The part that one row of one plane shares.
constexpr uint32_t RowKey(uint32_t head_key, uint32_t plane, int row) {
  return MixBits(MixBits(head_key ^ plane * 0x85ebca6bu) + static_cast<uint32_t>(row));
}

// `rate` in the unit of the hash: an element is dropped where its 24 bits are below it.
constexpr int32_t DropBelow(float rate) { return static_cast<int32_t>(rate * (1 << 24)); }

constexpr bool IsKept(uint32_t row_key, uint32_t column, int32_t drop_below) {
  return static_cast<int32_t>(MixBits(row_key + column * kColumnStep) >> 8) >= drop_below;
}

}  // namespace diffuser::kernels

#endif  // DIFFUSER_MODEL_KERNELS_DROPOUT_MASK_H_
