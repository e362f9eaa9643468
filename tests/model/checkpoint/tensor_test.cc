#include "model/checkpoint/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace diffuser::checkpoint {
namespace {

// CopyTo of one 16-bit element that starts at an odd address.
float Widen(DType dtype, uint16_t bits) {
  std::byte bytes[3];
  std::memcpy(bytes + 1, &bits, sizeof(bits));
  const Tensor tensor{dtype, {1}, Bytes(bytes + 1, sizeof(bits))};
  float out = 0;
  tensor.CopyTo(absl::MakeSpan(&out, 1));
  return out;
}

// The definition of binary16, in double precision.
double Float16ByDefinition(uint16_t bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = (bits >> 10) & 0x1f;
  const int mantissa = bits & 0x3ff;
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  if (exponent < 0x1f) return sign * std::ldexp(1024 + mantissa, exponent - 25);
  return mantissa == 0 ? sign * std::numeric_limits<double>::infinity() : std::nan("");
}

TEST(Tensor, WidensEveryFloat16) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const float widened = Widen(DType::kFloat16, bits);
    const double defined = Float16ByDefinition(bits);
    EXPECT_EQ(std::signbit(widened), (bits & 0x8000) != 0) << bits;
    if (std::isnan(defined)) {
      EXPECT_TRUE(std::isnan(widened)) << bits;
    } else {
      EXPECT_EQ(widened, defined) << bits;
    }
  }
}

TEST(Tensor, WidensEveryBFloat16ToTheSameUpperBits) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    EXPECT_EQ(std::bit_cast<uint32_t>(Widen(DType::kBFloat16, bits)), bits << 16);
  }
}

TEST(Tensor, CopiesFloat32FromAnyAddress) {
  const float numbers[] = {1.5f, -0.0f, std::numeric_limits<float>::denorm_min()};
  std::byte bytes[sizeof(numbers) + 1];
  std::memcpy(bytes + 1, numbers, sizeof(numbers));
  const Tensor tensor{DType::kFloat32, {3, 1}, Bytes(bytes + 1, sizeof(numbers))};
  ASSERT_EQ(tensor.elements(), 3);
  float out[3] = {};
  tensor.CopyTo(absl::MakeSpan(out));
  EXPECT_EQ(std::memcmp(out, numbers, sizeof(out)), 0);
}

TEST(Tensor, HoldsOneElementAsAScalarAndNoneWithAnEmptyExtent) {
  EXPECT_EQ((Tensor{DType::kFloat32, {}, {}}.elements()), 1);
  const Tensor empty{DType::kFloat32, {0, 3}, {}};
  EXPECT_EQ(empty.elements(), 0);
  empty.CopyTo({});
}

}  // namespace
}  // namespace diffuser::checkpoint
