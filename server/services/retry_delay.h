#ifndef DIFFUSER_SERVER_SERVICES_RETRY_DELAY_H_
#define DIFFUSER_SERVER_SERVICES_RETRY_DELAY_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "absl/time/time.h"

namespace diffuser::services {

// When a caller whom a full queue turned away should come back: after half of what documents waited
// lately (a queue that was full is about half empty by then), from 100 ms to 1 s. Thread-safe.
class RetryDelay {
 public:
  // A document has waited so long in the queue.
  void Observe(absl::Duration queued) {
    const int64_t before = average_us_.load(std::memory_order_relaxed);
    const int64_t after = before + (absl::ToInt64Microseconds(queued) - before) / 8;
    average_us_.store(after, std::memory_order_relaxed);  // a lost update changes little
  }

  absl::Duration Estimate() const {
    const absl::Duration half = absl::Microseconds(average_us_.load(std::memory_order_relaxed)) / 2;
    return std::clamp(half, absl::Milliseconds(100), absl::Seconds(1));
  }

 private:
  std::atomic<int64_t> average_us_ = 0;
};

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_RETRY_DELAY_H_
