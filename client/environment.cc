#include "client/environment.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace diffuser::client {
namespace {

class SystemEnvironment : public Environment {
 public:
  absl::Time Now() override {
    return wall_start_ + absl::FromChrono(std::chrono::steady_clock::now() - steady_start_);
  }

  void SleepUntil(absl::Time time) override {
    constexpr absl::Duration kLongest = absl::Hours(24);
    for (absl::Time now = Now(); now < time; now = Now()) {
      std::this_thread::sleep_for(absl::ToChronoNanoseconds(std::min(time - now, kLongest)));
    }
  }

  double Uniform() override {
    absl::MutexLock lock(&mutex_);
    return std::uniform_real_distribution<double>(0, 1)(generator_);
  }

 private:
  const absl::Time wall_start_ = absl::Now();
  const std::chrono::steady_clock::time_point steady_start_ = std::chrono::steady_clock::now();
  absl::Mutex mutex_;
  std::mt19937_64 generator_ ABSL_GUARDED_BY(mutex_){std::random_device{}()};
};

}  // namespace

std::shared_ptr<Environment> MakeSystemEnvironment() {
  return std::make_shared<SystemEnvironment>();
}

}  // namespace diffuser::client
