#include "model/graph/numpy_legacy.h"

#include <numeric>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::graph {
namespace {

using ::testing::ElementsAre;

// The whole shuffle, plainly, on the standard library's Mersenne Twister.
std::vector<uint32_t> PlainPrefix(std::mt19937& twister, uint32_t n, uint32_t size) {
  std::vector<uint32_t> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0);
  for (uint32_t i = n - 1; n > 0 && i > 0; --i) {
    uint32_t mask = 1;
    while (mask < i) mask = mask * 2 + 1;
    uint32_t j = twister() & mask;
    while (j > i) j = twister() & mask;
    std::swap(numbers[i], numbers[j]);
  }
  numbers.resize(size);
  return numbers;
}

TEST(LegacyGenerator, ContinuesOneStreamOverSuccessiveCalls) {
  LegacyGenerator generator(0);  // constants from NumPy: seed(0), choice(100, 5, False) twice
  EXPECT_THAT(generator.PermutationPrefix(100, 5), ElementsAre(26, 86, 2, 55, 75));
  EXPECT_THAT(generator.PermutationPrefix(100, 5), ElementsAre(18, 29, 64, 92, 72));
}

TEST(LegacyGenerator, DrawsWhatNumPyDrawsFromOtherSeeds) {
  LegacyGenerator seed42(42);
  EXPECT_THAT(seed42.PermutationPrefix(1 << 20, 6),
              ElementsAre(462211, 906600, 953710, 777548, 644707, 78646));
  EXPECT_THAT(seed42.PermutationPrefix(10, 10), ElementsAre(4, 2, 0, 6, 1, 8, 3, 5, 9, 7));
  LegacyGenerator seed7(7);
  EXPECT_THAT(seed7.PermutationPrefix(64, 8), ElementsAre(18, 2, 40, 48, 17, 41, 29, 21));
  EXPECT_THAT(seed7.PermutationPrefix(65, 8), ElementsAre(53, 64, 51, 58, 38, 52, 54, 42));
  EXPECT_THAT(seed7.PermutationPrefix(1, 1), ElementsAre(0));
  EXPECT_THAT(seed7.PermutationPrefix(2, 2), ElementsAre(0, 1));
  EXPECT_EQ(seed7.PermutationPrefix(1000, 1000)[999], 106);
}

TEST(LegacyGenerator, DrawsWhatNumPyDrawsOverSeveralBlocks) {
  LegacyGenerator generator(12345);
  const auto prefix = generator.PermutationPrefix(700001, 70000);
  ASSERT_EQ(prefix.size(), 70000);
  EXPECT_EQ(prefix[0], 414439);
  EXPECT_EQ(prefix[69999], 76854);
  uint64_t sum = 0;
  uint32_t parity = 0;
  for (const uint32_t value : prefix) {
    sum += value;
    parity ^= value;
  }
  EXPECT_EQ(sum, 24471112095u);
  EXPECT_EQ(parity, 183849);
  EXPECT_THAT(generator.PermutationPrefix(7, 7), ElementsAre(4, 2, 3, 6, 1, 0, 5));
}

TEST(LegacyGenerator, DrawsForNothingToo) {
  LegacyGenerator generator(3);
  std::mt19937 plain(3);
  EXPECT_TRUE(generator.PermutationPrefix(0, 0).empty());
  EXPECT_TRUE(generator.PermutationPrefix(5000, 0).empty());
  PlainPrefix(plain, 5000, 0);
  EXPECT_EQ(generator.PermutationPrefix(50, 50), PlainPrefix(plain, 50, 50));
}

TEST(LegacyGenerator, EqualsThePlainShuffleForManySizes) {
  LegacyGenerator generator(99);
  std::mt19937 plain(99);
  for (uint32_t n = 1; n < 200; ++n) {
    const uint32_t size = n * 37 % (n + 1);
    ASSERT_EQ(generator.PermutationPrefix(n, size), PlainPrefix(plain, n, size)) << n;
  }
  constexpr uint32_t kBlock = 1 << 18;  // around the size of one replayed block
  for (const uint32_t n : {kBlock - 1, kBlock, kBlock + 1, kBlock + 2, 3 * kBlock + 5}) {
    for (const uint32_t size : {1u, 63u, 64u, 65u, 20000u, n - 1, n}) {
      ASSERT_EQ(generator.PermutationPrefix(n, size), PlainPrefix(plain, n, size))
          << n << " " << size;
    }
  }
}

TEST(MersenneTwister, GivesTheStandardNumbers) {
  MersenneTwister twister(5489);
  std::mt19937 standard(5489);
  for (int taken = 0; taken < 2000;) {
    int count = 0;
    const uint32_t* numbers = twister.Peek(&count);
    const int batch = std::min(count, 100);
    for (int k = 0; k < batch; ++k) ASSERT_EQ(numbers[k], standard());
    twister.Consume(batch);
    taken += batch;
  }
}

}  // namespace
}  // namespace diffuser::graph
