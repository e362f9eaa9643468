#ifndef DIFFUSER_MODEL_TRAINING_DATA_BATCH_PLAN_H_
#define DIFFUSER_MODEL_TRAINING_DATA_BATCH_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace diffuser::training {

// The rows of a batch, as indices into the data set.
using BatchRows = std::vector<int64_t>;

// The numbers from 0 to count - 1 in an order that (seed, epoch) alone decides, the same on every
// machine: Fisher-Yates over std::mt19937_64, without the library's distributions.
std::vector<int64_t> ShuffledOrder(int64_t count, uint64_t seed, int64_t epoch);

// Cuts `order` into batches, in that order, each of as many rows as `batch_tokens` tokens hold. No
// batch is empty; a row longer than the budget is a batch alone. Order matters little: there is no
// padding, so rows of unequal lengths cost nothing beside each other.
// REQUIRES: batch_tokens > 0; each of `order` is an index into `lengths` (tokens a row).
std::vector<BatchRows> PackBatches(absl::Span<const int64_t> order,
                                   absl::Span<const int64_t> lengths, int64_t batch_tokens);

// The batches of each epoch: every row exactly once an epoch, shuffled anew. A run that stopped
// before batch b of epoch e goes on with Epoch(e)[b]. Immutable and thread-safe.
class BatchPlan {
 public:
  // REQUIRES: batch_tokens > 0.
  BatchPlan(std::vector<int64_t> lengths, int64_t batch_tokens, uint64_t seed);

  std::vector<BatchRows> Epoch(int64_t epoch) const;

 private:
  const std::vector<int64_t> lengths_;
  const int64_t batch_tokens_;
  const uint64_t seed_;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_DATA_BATCH_PLAN_H_
