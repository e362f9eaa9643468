#ifndef DIFFUSER_SERVER_BATCHING_CLOCK_H_
#define DIFFUSER_SERVER_BATCHING_CLOCK_H_

#include <functional>

#include "absl/time/time.h"

namespace diffuser::batching {

// Tells the time: absl::Now in the server, a clock that moves only when told in tests. Callable
// from any thread.
using Clock = std::function<absl::Time()>;

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_CLOCK_H_
