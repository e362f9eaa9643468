#ifndef DIFFUSER_CLIENT_RETRY_H_
#define DIFFUSER_CLIENT_RETRY_H_

#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/environment.h"

namespace diffuser::client {

struct RetryOptions {
  // Attempts in all, the first one counted. 1: never try again.
  int max_attempts = 4;

  // Wait before the second attempt; each further wait is `multiplier` times longer, up to
  // `max_backoff`.
  absl::Duration initial_backoff = absl::Milliseconds(100);
  absl::Duration max_backoff = absl::Seconds(5);
  double multiplier = 2;

  // Every wait is drawn from [1 - jitter, 1 + jitter] times its length, so that callers turned away
  // together do not come back together.
  double jitter = 0.2;
};

// The delay of the google.rpc.RetryInfo that `status` carries as a payload, if it does.
std::optional<absl::Duration> RetryInfoDelay(const absl::Status& status);

// Whether the server says that the same request may succeed later: UNAVAILABLE, or
// RESOURCE_EXHAUSTED with a RetryInfo (without one, it is a message over the size limit).
bool IsRetryable(const absl::Status& status);

// How long to wait after `attempts` failed attempts, the last with `status`; nullopt: give up. A
// wait is never shorter than what RetryInfo asks for. `uniform` in [0, 1) draws the jitter. Pure.
std::optional<absl::Duration> DelayBeforeRetry(const RetryOptions& options,
                                               const absl::Status& status, int attempts,
                                               double uniform);

// Calls `attempt` until it succeeds, fails for good, or the next one could not begin before
// `deadline`. Gives the last status, which says how many attempts there were if it took more than
// one. Blocks: for the attempts and the waits between them.
absl::Status Retry(const RetryOptions& options, Environment& environment, absl::Time deadline,
                   absl::FunctionRef<absl::Status()> attempt);

}  // namespace diffuser::client

#endif  // DIFFUSER_CLIENT_RETRY_H_
