#include "model/training/data/batch_plan.h"

#include <limits>
#include <numeric>
#include <random>
#include <utility>

namespace diffuser::training {
namespace {

// A number in [0, bound), each as likely: draws in the last, incomplete run of `bound` are drawn
// again. REQUIRES: bound > 0.
uint64_t DrawBelow(uint64_t bound, std::mt19937_64& generator) {
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  const uint64_t limit = most - most % bound;
  uint64_t draw = generator();
  while (draw >= limit) draw = generator();
  return draw % bound;
}

std::mt19937_64 GeneratorFor(uint64_t seed, int64_t epoch) {
  const auto pass = static_cast<uint64_t>(epoch);
  std::seed_seq words{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32),
                      static_cast<uint32_t>(pass), static_cast<uint32_t>(pass >> 32)};
  return std::mt19937_64(words);
}

}  // namespace

std::vector<int64_t> ShuffledOrder(int64_t count, uint64_t seed, int64_t epoch) {
  std::vector<int64_t> order(count);
  std::iota(order.begin(), order.end(), int64_t{0});
  std::mt19937_64 generator = GeneratorFor(seed, epoch);
  for (int64_t i = count - 1; i > 0; --i) {
    std::swap(order[i], order[DrawBelow(static_cast<uint64_t>(i) + 1, generator)]);
  }
  return order;
}

std::vector<BatchRows> PackBatches(absl::Span<const int64_t> order,
                                   absl::Span<const int64_t> lengths, int64_t batch_tokens) {
  std::vector<BatchRows> batches;
  int64_t room = 0;
  for (const int64_t row : order) {
    if (batches.empty() || lengths[row] > room) {
      batches.emplace_back();
      room = batch_tokens;
    }
    batches.back().push_back(row);
    room -= lengths[row];
  }
  return batches;
}

BatchPlan::BatchPlan(std::vector<int64_t> lengths, int64_t batch_tokens, uint64_t seed)
    : lengths_(std::move(lengths)), batch_tokens_(batch_tokens), seed_(seed) {}

std::vector<BatchRows> BatchPlan::Epoch(int64_t epoch) const {
  const auto order = ShuffledOrder(static_cast<int64_t>(lengths_.size()), seed_, epoch);
  return PackBatches(order, lengths_, batch_tokens_);
}

}  // namespace diffuser::training
