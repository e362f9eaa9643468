#include "client/retry.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "client/rpc_status.h"
#include "google/rpc/error_details.pb.h"

namespace diffuser::client {
namespace {

constexpr char kRetryInfoType[] = "type.googleapis.com/google.rpc.RetryInfo";

}  // namespace

std::optional<absl::Duration> RetryInfoDelay(const absl::Status& status) {
  const auto payload = status.GetPayload(kRetryInfoType);
  google::rpc::RetryInfo info;
  if (!payload || !info.ParseFromString(std::string(*payload))) return std::nullopt;
  const auto& delay = info.retry_delay();
  return std::max(absl::ZeroDuration(),
                  absl::Seconds(delay.seconds()) + absl::Nanoseconds(delay.nanos()));
}

bool IsRetryable(const absl::Status& status) {
  return absl::IsUnavailable(status) ||
         (absl::IsResourceExhausted(status) && RetryInfoDelay(status).has_value());
}

std::optional<absl::Duration> DelayBeforeRetry(const RetryOptions& options,
                                               const absl::Status& status, int attempts,
                                               double uniform) {
  if (attempts >= options.max_attempts || !IsRetryable(status)) return std::nullopt;
  const absl::Duration backoff = std::min(
      options.max_backoff, options.initial_backoff * std::pow(options.multiplier, attempts - 1));
  const absl::Duration jittered = backoff * (1 - options.jitter + 2 * options.jitter * uniform);
  // The server's delay is a lower bound, so its jitter only adds.
  const absl::Duration asked = RetryInfoDelay(status).value_or(absl::ZeroDuration());
  return std::max(jittered, asked * (1 + options.jitter * uniform));
}

absl::Status Retry(const RetryOptions& options, Environment& environment, absl::Time deadline,
                   absl::FunctionRef<absl::Status()> attempt) {
  for (int attempts = 1;; ++attempts) {
    absl::Status status = attempt();
    if (status.ok()) return status;
    const auto delay = DelayBeforeRetry(options, status, attempts, environment.Uniform());
    const absl::Time next = environment.Now() + delay.value_or(absl::ZeroDuration());
    if (!delay || next >= deadline) {
      return attempts == 1 ? status : WithNote(status, absl::StrCat(attempts, " attempts"));
    }
    environment.SleepUntil(next);
  }
}

}  // namespace diffuser::client
