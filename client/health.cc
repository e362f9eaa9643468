#include "client/health.h"

namespace diffuser::client {
namespace {

constexpr absl::Duration kPollInterval = absl::Milliseconds(100);

bool MayServeLater(const absl::StatusOr<ServingStatus>& answer) {
  if (answer.ok()) return *answer != ServingStatus::kServing;
  return absl::IsUnavailable(answer.status()) || absl::IsNotFound(answer.status()) ||
         absl::IsDeadlineExceeded(answer.status());
}

}  // namespace

const char* ServingStatusName(ServingStatus status) {
  switch (status) {
    case ServingStatus::kServing:
      return "SERVING";
    case ServingStatus::kNotServing:
      return "NOT_SERVING";
    case ServingStatus::kUnknown:
      break;
  }
  return "UNKNOWN";
}

absl::StatusOr<ServingStatus> WaitUntilServing(
    Environment& environment, absl::Duration wait,
    const std::function<absl::StatusOr<ServingStatus>()>& check) {
  const absl::Time end = environment.Now() + wait;
  for (;;) {
    absl::StatusOr<ServingStatus> answer = check();
    const absl::Time next = environment.Now() + kPollInterval;
    if (!MayServeLater(answer) || next > end) return answer;
    environment.SleepUntil(next);
  }
}

}  // namespace diffuser::client
