#ifndef DIFFUSER_TESTS_CLIENT_FAKE_ENVIRONMENT_H_
#define DIFFUSER_TESTS_CLIENT_FAKE_ENVIRONMENT_H_

#include <algorithm>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/environment.h"

namespace diffuser::client {

// A clock that moves only when somebody sleeps or the test moves it, and a chance that is always
// the same. Thread-safe.
class FakeEnvironment : public Environment {
 public:
  explicit FakeEnvironment(double uniform = 0.5) : uniform_(uniform) {}

  absl::Time Now() override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  void SleepUntil(absl::Time time) override {
    absl::MutexLock lock(&mutex_);
    if (time <= now_) return;
    sleeps_.push_back(time - now_);
    now_ = time;
  }

  double Uniform() override { return uniform_; }

  void Advance(absl::Duration duration) {
    absl::MutexLock lock(&mutex_);
    now_ += duration;
  }

  // The sleeps that moved the clock, in order.
  std::vector<absl::Duration> sleeps() const {
    absl::MutexLock lock(&mutex_);
    return sleeps_;
  }

 private:
  const double uniform_;
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_) = absl::UnixEpoch() + absl::Hours(1);
  std::vector<absl::Duration> sleeps_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace diffuser::client

#endif  // DIFFUSER_TESTS_CLIENT_FAKE_ENVIRONMENT_H_
