#include "client/cli/load_run.h"

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "client/cli/connection.h"
#include "client/cli/json.h"

namespace diffuser::cli {
namespace {

// How long after the end of the run a late document may still be sent.
constexpr absl::Duration kOverrun = absl::Seconds(1);

// What has become of the documents sent. Thread-safe.
class Ledger {
 public:
  explicit Ledger(int max_concurrency) : max_concurrency_(max_concurrency) {}

  // Takes one of the calls at once; false if none is free within `timeout`.
  bool Begin(absl::Duration timeout) {
    absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(absl::Condition(this, &Ledger::HasRoom), timeout)) return false;
    ++running_;
    ++result_.sent;
    return true;
  }

  void End(const absl::StatusOr<v1::ClassifyResponse>& response, absl::Time intended,
           absl::Time sent, absl::Time now) {
    absl::MutexLock lock(&mutex_);
    --running_;
    if (!response.ok()) {
      ++result_.errors[CodeName(response.status())];
      return;
    }
    ++result_.answered;
    result_.tokens += response->usage().used();
    const v1::Timings& timings = response->timings();
    const double served =
        ToSeconds(timings.tokenize()) + ToSeconds(timings.queue()) + ToSeconds(timings.compute());
    result_.latency.push_back(absl::ToDoubleSeconds(now - intended));
    result_.added.push_back(absl::ToDoubleSeconds(now - sent) - served);
    result_.lag.push_back(absl::ToDoubleSeconds(sent - intended));
  }

  LoadResult WaitForAll() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &Ledger::IsIdle));
    return std::move(result_);
  }

 private:
  bool HasRoom() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return running_ < max_concurrency_; }
  bool IsIdle() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return running_ == 0; }

  const int max_concurrency_;
  absl::Mutex mutex_;
  int running_ ABSL_GUARDED_BY(mutex_) = 0;
  LoadResult result_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

LoadResult RunLoad(const LoadPlan& plan, ArrivalSchedule schedule, client::Environment& environment,
                   const std::function<v1::ClassifyRequest()>& next_request,
                   const SendDocument& send) {
  Ledger ledger(plan.max_concurrency);
  const absl::Time start = environment.Now();
  const absl::Time last_send = start + plan.duration + kOverrun;
  int64_t unsent = 0;
  for (int64_t count = 0; count < plan.max_documents; ++count) {
    const absl::Duration arrival = schedule.Next();
    if (arrival >= plan.duration) break;
    const absl::Time intended = start + arrival;
    // Made ahead of time, so that making it delays nothing; but not for those that cannot be sent.
    v1::ClassifyRequest request;
    if (unsent == 0) request = next_request();
    environment.SleepUntil(intended);
    if (unsent > 0 || !ledger.Begin(last_send - environment.Now())) {
      ++unsent;
      continue;
    }
    const absl::Time sent = environment.Now();
    send(std::move(request), [&ledger, &environment, intended, sent](const auto& response) {
      ledger.End(response, intended, sent, environment.Now());
    });
  }
  LoadResult result = ledger.WaitForAll();
  result.elapsed = environment.Now() - start;
  result.unsent = unsent;
  return result;
}

}  // namespace diffuser::cli
