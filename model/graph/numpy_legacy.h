#ifndef DIFFUSER_MODEL_GRAPH_NUMPY_LEGACY_H_
#define DIFFUSER_MODEL_GRAPH_NUMPY_LEGACY_H_

#include <array>
#include <cstdint>
#include <vector>

namespace diffuser::graph {

// The 32-bit Mersenne Twister behind `numpy.random.seed` and `numpy.random.RandomState`. A value
// type: a copy goes on from where the original stands.
class MersenneTwister {
 public:
  static constexpr int kWords = 624;

  explicit MersenneTwister(uint32_t seed);

  // The numbers left of the current block of 624, in order; refills when none is left.
  const uint32_t* Peek(int* count);
  // Takes the first `count` of them. REQUIRES: count <= what Peek gave.
  void Consume(int count) { position_ += count; }

 private:
  void Refill();

  std::array<uint32_t, kWords> state_;
  std::array<uint32_t, kWords> output_;  // state_, tempered
  int position_ = kWords;
};

// NumPy's legacy generator, bit for bit: what `numpy.random.RandomState(seed)` draws.
//
//   LegacyGenerator generator(0);
//   generator.PermutationPrefix(100, 5);  // numpy.random.seed(0); numpy.random.choice(100, 5,
//   False) generator.PermutationPrefix(100, 5);  // the next such call
//
// Not thread-safe.
class LegacyGenerator {
 public:
  explicit LegacyGenerator(uint32_t seed) : twister_(seed) {}

  // The first `size` entries of `permutation(n)`, which is what `choice(n, size, replace=False)`
  // returns. Takes from the generator what the whole permutation takes.
  // Cost: time linear in n (0.15 s for 2^24), memory of about n / 3 bytes and of what it returns.
  // REQUIRES: size <= n <= 2^32.
  std::vector<uint32_t> PermutationPrefix(uint64_t n, uint64_t size);

 private:
  MersenneTwister twister_;
};

}  // namespace diffuser::graph

#endif  // DIFFUSER_MODEL_GRAPH_NUMPY_LEGACY_H_
