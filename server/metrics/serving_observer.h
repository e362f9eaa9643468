#ifndef DIFFUSER_SERVER_METRICS_SERVING_OBSERVER_H_
#define DIFFUSER_SERVER_METRICS_SERVING_OBSERVER_H_

#include <cstdint>

#include "absl/time/time.h"

namespace diffuser::metrics {

// Why a document was not admitted.
enum class RejectReason { kInvalid, kQueueTokens, kQueueDocuments, kDraining };

// Why an admitted document was not computed.
enum class DropReason { kExpired, kCancelled };

// What the request path of one model tells about itself; implemented by the Prometheus metrics, and
// by fakes in tests. Calls are cheap, may come from any thread, and are made without locks held.
// All do nothing unless overridden.
class ServingObserver {
 public:
  virtual ~ServingObserver() = default;

  // A text became `tokens` tokens.
  virtual void OnTokenized(int64_t /*tokens*/, absl::Duration /*time*/) {}
  // A document was turned into the chunks that are computed.
  virtual void OnDocument(int64_t /*tokens_seen*/, int64_t /*tokens_used*/) {}
  virtual void OnRejected(RejectReason /*reason*/) {}
  virtual void OnDropped(DropReason /*reason*/) {}
  // What waits in the queue has changed.
  virtual void OnQueue(int64_t /*documents*/, int64_t /*tokens*/) {}
  // A queued document (or chunk) was taken for a batch after this time.
  virtual void OnDequeued(absl::Duration /*waited*/) {}
  virtual void OnBatch(int /*documents*/, int /*tokens*/, absl::Duration /*compute*/) {}
};

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_SERVING_OBSERVER_H_
