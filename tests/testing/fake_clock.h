#ifndef DIFFUSER_TESTS_TESTING_FAKE_CLOCK_H_
#define DIFFUSER_TESTS_TESTING_FAKE_CLOCK_H_

#include <mutex>

#include "absl/time/time.h"
#include "server/batching/clock.h"

namespace diffuser::testing {

// A clock that moves only when told. Thread-safe.
class FakeClock {
 public:
  absl::Time Now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  void Advance(absl::Duration duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
  }

  // The clock must outlive what it gives.
  batching::Clock AsClock() {
    return [this] { return Now(); };
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_FAKE_CLOCK_H_
