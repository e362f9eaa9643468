#ifndef DIFFUSER_MODEL_DEVICE_BATCH_CLASS_H_
#define DIFFUSER_MODEL_DEVICE_BATCH_CLASS_H_

#include <algorithm>
#include <cstddef>
#include <list>
#include <utility>

#include "absl/functional/function_ref.h"
#include "model/device/encoder_kernels.h"
#include "model/packed_batch.h"

namespace diffuser::device {

// The batch's own bounds.
BatchBounds ExactBounds(const model::PackedBatch& batch);

// Bounds that many batches share, so that what was captured for one serves the next: the batch's,
// rounded up. Tokens by less than an eighth (or 64), as dense layers compute all of them;
// documents and the longest to a power of two, as they only leave blocks without work.
// REQUIRES: the batch is within `most`. The result is, too.
BatchBounds ClassBounds(const model::PackedBatch& batch, const BatchBounds& most);

constexpr bool IsSame(const BatchBounds& a, const BatchBounds& b) {
  return a.tokens == b.tokens && a.documents == b.documents && a.longest == b.longest;
}

// What is kept for classes of batches: a bounded number, of which the least recently used goes.
// For one thread at a time.
template <class T>
class ClassCache {
 public:
  // REQUIRES: capacity > 0.
  explicit ClassCache(size_t capacity) : capacity_(capacity) {}

  // What is kept for these bounds; where there is nothing, what `make` gives is kept.
  // Valid until the next call.
  T& Use(const BatchBounds& bounds, absl::FunctionRef<T()> make) {
    const auto found = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const auto& kept) { return IsSame(kept.first, bounds); });
    if (found != kept_.end()) {
      kept_.splice(kept_.begin(), kept_, found);
    } else {
      if (kept_.size() == capacity_) kept_.pop_back();
      kept_.emplace_front(bounds, make());
    }
    return kept_.front().second;
  }

  size_t size() const { return kept_.size(); }

 private:
  size_t capacity_;
  std::list<std::pair<BatchBounds, T>> kept_;  // the most recently used first
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_BATCH_CLASS_H_
