#include "model/graph/numpy_legacy.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

// `permutation(n)` is a Fisher-Yates shuffle of 0, ..., n-1: for i = n-1 down to 1 swap entries i
// and j, where j is drawn from [0, i] by masking 32-bit numbers to the smallest 2^k - 1 >= i and
// drawing again while the result is above i.
//
// For n = 2^24 those swaps jump through 64 MB, although only the first `size` (2^18) entries are
// wanted. So the shuffle is run backwards for those alone. Undone from the last swap (i = 1) to the
// first (i = n-1), an entry that stands at j moves to i; where it stands in the end is its value.
//   1. Among the first `size` positions both ends of a swap are wanted: plain swaps.
//   2. From i = size on, position i is free when its turn comes, so there is a move only where j is
//      occupied: size * ln(n / size) moves in all, found through a bitmap that fits the cache.
// Each position from `size` on is the target of at most one move, and targets ascend, so the number
// of the move that filled a position is its rank among the targets: no hash table is needed. Which
// entry a move carried is worked out at the end, where the look-ups overlap.
//
// The numbers come from the generator in the opposite order. It runs forward once, leaving a copy
// of itself every kBlockSwaps swaps (and standing where the next draw must go on); then each block
// is drawn again, from the last to the first.

namespace diffuser::graph {
namespace {

constexpr uint64_t kBlockSwaps = 1 << 18;

// Draws j for each of i = first, first - 1, ... into out[0, count); out[count] is written too.
// Without branches: a rejected j is overwritten by the next one.
void DrawSwaps(MersenneTwister& twister, uint64_t first, uint64_t count, uint32_t* out) {
  uint32_t i = static_cast<uint32_t>(first);
  uint64_t done = 0;
  while (done < count) {
    // Within one run the mask stays the same: down to the next power of two.
    const uint32_t mask = ~uint32_t{0} >> std::countl_zero(i);
    const uint64_t run_end = std::min(count, done + (i - (mask >> 1)));
    while (done < run_end) {
      int available = 0;
      const uint32_t* numbers = twister.Peek(&available);
      const int batch = static_cast<int>(std::min<uint64_t>(available, run_end - done));
      for (int k = 0; k < batch; ++k) {
        const uint32_t j = numbers[k] & mask;
        out[done] = j;
        const bool accepted = j <= i;
        done += accepted;
        i -= accepted;
      }
      twister.Consume(batch);
    }
  }
}

// The positions of the wanted entries while the shuffle is undone; see the top of the file.
class BackwardShuffle {
 public:
  BackwardShuffle(uint64_t n, uint64_t size)
      : size_(size),
        slots_(size),
        occupied_(n / 64 + 1),
        targets_(n / 64 + 1),
        targets_before_(n / 64 + 1) {
    std::iota(slots_.begin(), slots_.end(), 0u);
    std::fill_n(occupied_.begin(), size / 64, ~uint64_t{0});
    if (size % 64 != 0) occupied_[size / 64] = (uint64_t{1} << (size % 64)) - 1;
  }

  // Undoes the swaps of i = first, first + 1, ..., whose other ends are js[count - 1], ..., js[0].
  void Undo(uint64_t first, const uint32_t* js, uint64_t count) {
    uint64_t i = first;
    const uint32_t* j = js + count;
    for (; i < size_ && j > js; ++i) std::swap(slots_[i], slots_[*--j]);
    while (j > js) {
      // Up to the end of the bitmap's word of i.
      const uint64_t word_end = std::min<uint64_t>((i | 63) + 1, i + (j - js));
      targets_before_[i / 64] = CountBefore(i);
      for (; i < word_end; ++i) {
        --j;
        if ((occupied_[*j / 64] >> (*j % 64)) & 1) Move(*j, i);
      }
    }
  }

  // The wanted entries, once every swap is undone.
  std::vector<uint32_t> Values() const {
    std::vector<uint32_t> values(size_);
    for (uint64_t position = 0; position < size_; ++position) values[slots_[position]] = position;
    std::vector<uint32_t> entries(moved_to_.size());
    for (size_t move = 0; move < entries.size(); ++move) {
      const uint32_t from = moved_from_[move];
      entries[move] = from < size_ ? slots_[from] : entries[MoveTo(from)];
      values[entries[move]] = moved_to_[move];
    }
    return values;
  }

 private:
  // Targets below i's word. Where a block of swaps ends within a word, it was counted already.
  uint32_t CountBefore(uint64_t i) const {
    return static_cast<uint32_t>(moved_to_.size()) - std::popcount(targets_[i / 64]);
  }

  void Move(uint32_t from, uint64_t to) {
    occupied_[from / 64] &= ~(uint64_t{1} << (from % 64));
    occupied_[to / 64] |= uint64_t{1} << (to % 64);
    targets_[to / 64] |= uint64_t{1} << (to % 64);
    moved_from_.push_back(from);
    moved_to_.push_back(static_cast<uint32_t>(to));
  }

  // The move whose target `position` was.
  uint32_t MoveTo(uint32_t position) const {
    const uint64_t below = (uint64_t{1} << (position % 64)) - 1;
    return targets_before_[position / 64] + std::popcount(targets_[position / 64] & below);
  }

  uint64_t size_;
  std::vector<uint32_t> slots_;           // [size] entry at each of the first positions
  std::vector<uint64_t> occupied_;        // bit p: a wanted entry stands at position p
  std::vector<uint64_t> targets_;         // bit p: some move went to position p (>= size)
  std::vector<uint32_t> targets_before_;  // set bits of targets_ below each of its words
  std::vector<uint32_t> moved_from_;      // [moves]
  std::vector<uint32_t> moved_to_;        // [moves] ascending
};

}  // namespace

MersenneTwister::MersenneTwister(uint32_t seed) {
  state_[0] = seed;
  for (uint32_t k = 1; k < kWords; ++k) {
    state_[k] = 1812433253u * (state_[k - 1] ^ (state_[k - 1] >> 30)) + k;
  }
}

const uint32_t* MersenneTwister::Peek(int* count) {
  if (position_ == kWords) Refill();
  *count = kWords - position_;
  return output_.data() + position_;
}

void MersenneTwister::Refill() {
  constexpr int kShift = 397;
  const auto twist = [](uint32_t high, uint32_t low) {
    const uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return (y >> 1) ^ (-(y & 1u) & 0x9908b0dfu);
  };
  uint32_t* s = state_.data();
  for (int k = 0; k < kWords - kShift; ++k) s[k] = s[k + kShift] ^ twist(s[k], s[k + 1]);
  for (int k = kWords - kShift; k < kWords - 1; ++k) {
    s[k] = s[k + kShift - kWords] ^ twist(s[k], s[k + 1]);
  }
  s[kWords - 1] = s[kShift - 1] ^ twist(s[kWords - 1], s[0]);
  for (int k = 0; k < kWords; ++k) {
    uint32_t y = s[k];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    output_[k] = y ^ (y >> 18);
  }
  position_ = 0;
}

std::vector<uint32_t> LegacyGenerator::PermutationPrefix(uint64_t n, uint64_t size) {
  const uint64_t swaps = n > 0 ? n - 1 : 0;
  std::vector<uint32_t> js(std::min(kBlockSwaps, swaps) + 1);  // one more: a rejected j lands there
  std::vector<MersenneTwister> block_starts;
  for (uint64_t done = 0; done < swaps; done += kBlockSwaps) {
    block_starts.push_back(twister_);
    DrawSwaps(twister_, n - 1 - done, std::min(kBlockSwaps, swaps - done), js.data());
  }
  if (size == 0) return {};
  BackwardShuffle shuffle(n, size);
  for (size_t block = block_starts.size(); block-- > 0;) {
    const uint64_t done = block * kBlockSwaps;
    const uint64_t count = std::min(kBlockSwaps, swaps - done);
    DrawSwaps(block_starts[block], n - 1 - done, count, js.data());
    shuffle.Undo(n - done - count, js.data(), count);
  }
  return shuffle.Values();
}

}  // namespace diffuser::graph
