#ifndef DIFFUSER_CLIENT_HEALTH_H_
#define DIFFUSER_CLIENT_HEALTH_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/environment.h"

namespace diffuser::client {

// What grpc.health.v1 says of a service.
enum class ServingStatus { kUnknown, kServing, kNotServing };

// The name that grpc.health.v1 gives it, such as "NOT_SERVING".
const char* ServingStatusName(ServingStatus status);

// Asks `check` until it says kServing or `wait` has passed (always at least once), and gives its
// last answer. A server that is not there yet (UNAVAILABLE, DEADLINE_EXCEEDED) or does not know the
// service yet (NOT_FOUND) is asked again; any other error ends the wait. Blocks: for at most `wait`
// and one check.
absl::StatusOr<ServingStatus> WaitUntilServing(
    Environment& environment, absl::Duration wait,
    const std::function<absl::StatusOr<ServingStatus>()>& check);

}  // namespace diffuser::client

#endif  // DIFFUSER_CLIENT_HEALTH_H_
