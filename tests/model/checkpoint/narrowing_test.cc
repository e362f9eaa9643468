#include "model/checkpoint/narrowing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "model/checkpoint/tensor.h"

namespace diffuser::checkpoint {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

float Widen(DType dtype, uint16_t bits) {
  std::byte bytes[sizeof(bits)];
  std::memcpy(bytes, &bits, sizeof(bits));
  float out = 0;
  Tensor{dtype, {1}, Bytes(bytes, sizeof(bytes))}.CopyTo(absl::MakeSpan(&out, 1));
  return out;
}

// One of the two types, as this test goes through it.
struct NarrowType {
  DType dtype;
  uint16_t (*narrow)(float);
  uint16_t infinity;
};
constexpr NarrowType kTypes[] = {{DType::kFloat16, NarrowToFloat16, 0x7c00},
                                 {DType::kBFloat16, NarrowToBFloat16, 0x7f80}};

TEST(Narrowing, GivesBackEveryNumberThatTheTypeHolds) {
  for (const NarrowType& type : kTypes) {
    for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
      const float value = Widen(type.dtype, static_cast<uint16_t>(bits));
      if (std::isnan(value)) {
        EXPECT_TRUE(std::isnan(Widen(type.dtype, type.narrow(value)))) << bits;
      } else {
        EXPECT_EQ(type.narrow(value), bits);
      }
    }
  }
}

// Both signs; what lies just off the middle goes to the nearer, the middle to the even one.
TEST(Narrowing, RoundsWhatLiesBetweenToTheNearestAndTiesToEven) {
  for (const NarrowType& type : kTypes) {
    for (uint16_t lower = 0; lower + 1 < type.infinity; ++lower) {
      const uint16_t upper = lower + 1;
      const double sum = double{Widen(type.dtype, lower)} + Widen(type.dtype, upper);
      const auto middle = static_cast<float>(sum / 2);
      const uint16_t even = lower % 2 == 0 ? lower : upper;
      ASSERT_EQ(type.narrow(middle), even);
      ASSERT_EQ(type.narrow(-middle), even | 0x8000);
      ASSERT_EQ(type.narrow(std::nextafter(middle, 0.0f)), lower);
      ASSERT_EQ(type.narrow(std::nextafter(middle, kInfinity)), upper);
    }
  }
}

TEST(Narrowing, MakesInfinityOfWhatIsBeyondTheLargestNumber) {
  EXPECT_EQ(NarrowToFloat16(65519.996f), 0x7bff);
  EXPECT_EQ(NarrowToFloat16(65520.0f), 0x7c00);
  EXPECT_EQ(NarrowToFloat16(-1e30f), 0xfc00);
  EXPECT_EQ(NarrowToFloat16(kInfinity), 0x7c00);
  EXPECT_EQ(NarrowToBFloat16(std::numeric_limits<float>::max()), 0x7f80);
  EXPECT_EQ(NarrowToBFloat16(-kInfinity), 0xff80);
}

TEST(Narrowing, KeepsTheSignOfZero) {
  for (const NarrowType& type : kTypes) {
    EXPECT_EQ(type.narrow(0.0f), 0);
    EXPECT_EQ(type.narrow(-0.0f), 0x8000);
    EXPECT_EQ(type.narrow(-std::numeric_limits<float>::denorm_min()), 0x8000);
  }
}

}  // namespace
}  // namespace diffuser::checkpoint
