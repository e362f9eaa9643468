#ifndef DIFFUSER_MODEL_DEVICE_BATCH_CLASS_H_
#define DIFFUSER_MODEL_DEVICE_BATCH_CLASS_H_

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "model/device/encoder_kernels.h"
#include "model/device/runtime.h"
#include "model/packed_batch.h"

namespace diffuser::device {

// The batch's own bounds.
BatchBounds ExactBounds(const model::PackedBatch& batch);

// Bounds that many batches share, so that what was captured for one serves the next: the batch's,
// rounded up. Tokens by less than an eighth (or 64), as dense layers compute all of them;
// documents and the longest to a power of two, as they only leave blocks without work.
// REQUIRES: the batch is within `most`. The result is, too.
BatchBounds ClassBounds(const model::PackedBatch& batch, const BatchBounds& most);

// Captured work by the bounds it was captured for: a bounded number, of which the least recently
// used goes. For one thread at a time.
class GraphCache {
 public:
  struct Entry {
    int uses = 0;                         // this one included
    std::unique_ptr<CapturedWork> graph;  // null until somebody captures
  };

  explicit GraphCache(size_t capacity) : capacity_(capacity) {}

  // The entry of these bounds, a new one where there is none. Valid until the next call.
  Entry& Use(const BatchBounds& bounds);

  size_t size() const { return entries_.size(); }

 private:
  size_t capacity_;
  std::list<std::pair<BatchBounds, Entry>> entries_;  // the most recently used first
};

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_BATCH_CLASS_H_
