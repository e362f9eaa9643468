#include "tests/model/kernels/cuda/shim/warp.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "tests/model/kernels/cuda/shim/engine.h"

namespace diffuser::kernels::cuda::shim {
namespace {

constexpr uint32_t kFullMask = 0xffffffffu;

uint16_t HalfOf(uint32_t word, int index) { return static_cast<uint16_t>(word >> (16 * index)); }

struct Shuffle {
  float value;
  float result;
};

struct MmaOperands {
  float* c;
  const Words* a;
  uint32_t b[2];
};

// c += a b, from what 32 lanes hold of them.
template <class Half>
void Multiply(void* const (&lanes)[32]) {
  float a[16][16];
  float b[16][8];
  for (int lane = 0; lane < 32; ++lane) {
    const auto& operands = *static_cast<const MmaOperands*>(lanes[lane]);
    const int g = lane / 4;
    const int t = lane % 4;
    for (int x = 0; x < 2; ++x) {
      for (int word = 0; word < 4; ++word) {
        a[g + 8 * (word % 2)][2 * t + x + 8 * (word / 2)] =
            ToFloat<Half>(HalfOf(operands.a->at[word], x));
      }
      for (int word = 0; word < 2; ++word) {
        b[2 * t + x + 8 * word][g] = ToFloat<Half>(HalfOf(operands.b[word], x));
      }
    }
  }
  bool is_finite[16];
  for (int k = 0; k < 16; ++k) {
    is_finite[k] = std::all_of(b[k], b[k] + 8, [](float x) { return std::isfinite(x); });
  }
  double c[16][8] = {};  // products of halves are exact; the device keeps at least float's bits
  for (int row = 0; row < 16; ++row) {
    for (int k = 0; k < 16; ++k) {
      if (a[row][k] == 0 && is_finite[k]) continue;  // most of a diagonal
      for (int column = 0; column < 8; ++column) c[row][column] += double{a[row][k]} * b[k][column];
    }
  }
  for (int lane = 0; lane < 32; ++lane) {
    float* result = static_cast<const MmaOperands*>(lanes[lane])->c;
    for (int x = 0; x < 4; ++x) {
      result[x] += static_cast<float>(c[lane / 4 + 8 * (x / 2)][2 * (lane % 4) + x % 2]);
    }
  }
}

struct Matrices {
  const Words* row;
  Words result;
};

void Transpose(void* const (&lanes)[32]) {
  uint16_t elements[4][8][8];  // [matrix][row][column]
  for (int lane = 0; lane < 32; ++lane) {
    const Words& row = *static_cast<const Matrices*>(lanes[lane])->row;
    for (int x = 0; x < 8; ++x) elements[lane / 8][lane % 8][x] = HalfOf(row.at[x / 2], x % 2);
  }
  for (int lane = 0; lane < 32; ++lane) {
    Words& result = static_cast<Matrices*>(lanes[lane])->result;
    const int g = lane / 4;
    const int t = lane % 4;
    for (int m = 0; m < 4; ++m) {
      result.at[m] = elements[m][2 * t][g] | uint32_t{elements[m][2 * t + 1][g]} << 16;
    }
  }
}

}  // namespace

template <>
uint16_t ToBits<BFloat16>(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  if (value != value) return static_cast<uint16_t>(bits >> 16 | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

template <>
uint16_t ToBits<Float16>(float value) {
  return std::bit_cast<uint16_t>(static_cast<_Float16>(value));
}

template <>
float ToFloat<BFloat16>(uint32_t bits) {
  return std::bit_cast<float>(bits << 16);
}

template <>
float ToFloat<Float16>(uint32_t bits) {
  return static_cast<float>(std::bit_cast<_Float16>(static_cast<uint16_t>(bits)));
}

float ShuffleXor(uint32_t mask, float value, int lane_mask) {
  Shuffle operand = {value, std::nanf("")};  // from a lane outside the mask
  Meet(mask, "a shuffle", &operand, [lane_mask](void* const(&lanes)[32]) {
    for (int lane = 0; lane < 32; ++lane) {
      if (lanes[lane] == nullptr) continue;
      const auto* source = static_cast<const Shuffle*>(lanes[lane ^ lane_mask]);
      if (source != nullptr) static_cast<Shuffle*>(lanes[lane])->result = source->value;
    }
  });
  return operand.result;
}

uint32_t Ballot(uint32_t mask, bool value) {
  struct Vote {
    bool value;
    uint32_t result;
  };
  Vote operand = {value, 0};
  Meet(mask, "a vote", &operand, [](void* const(&lanes)[32]) {
    uint32_t votes = 0;
    for (int lane = 0; lane < 32; ++lane) {
      if (lanes[lane] != nullptr && static_cast<Vote*>(lanes[lane])->value) votes |= 1u << lane;
    }
    for (void* lane : lanes) {
      if (lane != nullptr) static_cast<Vote*>(lane)->result = votes;
    }
  });
  return operand.result;
}

template <class Half>
void Mma(float (&c)[4], const Words& a, uint32_t b0, uint32_t b1) {
  MmaOperands operand = {c, &a, {b0, b1}};
  Meet(kFullMask, "the tensor cores", &operand, Multiply<Half>);
}
template void Mma<BFloat16>(float (&)[4], const Words&, uint32_t, uint32_t);
template void Mma<Float16>(float (&)[4], const Words&, uint32_t, uint32_t);

Words TransposeMatrices(const Words& row) {
  Matrices operand = {&row, {}};
  Meet(kFullMask, "ldmatrix", &operand, Transpose);
  return operand.result;
}

}  // namespace diffuser::kernels::cuda::shim
