#ifndef DIFFUSER_SERVER_LIFECYCLE_RUN_H_
#define DIFFUSER_SERVER_LIFECYCLE_RUN_H_

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/lifecycle/model_loading.h"
#include "server/lifecycle/server.h"
#include "server/lifecycle/stop_signals.h"
#include "server/logging/logger.h"
#include "server/models/serving.h"
#include "server/services/call_gate.h"

namespace diffuser::lifecycle {

// What a listening server's life is made of. None of it is owned.
struct RunParts {
  Server* server = nullptr;
  services::CallGate* gate = nullptr;
  ModelLoading* loading = nullptr;
  StopSignals* signals = nullptr;
  logging::Logger* logger = nullptr;
  // Of the models that are loaded. Asked after each Notify of the signals.
  std::function<models::Condition()> condition;
  absl::Duration drain_timeout;
};

enum class Ending {
  kDrained,       // every call was answered
  kTimedOut,      // the drain's time was up; calls left were cancelled
  kInterrupted,   // a second signal came; nothing was waited for
  kDeviceFailed,  // it was drained because a device has failed
};

// Loads the models, says SERVING while all are ready and served by some device, waits for SIGTERM
// or SIGINT, or for a device's failure that is to end the process, then drains: health says
// NOT_SERVING, new calls get UNAVAILABLE, running ones finish within drain_timeout.
// Blocks: until the server has ended. Errors: those of a model that could not be loaded.
absl::StatusOr<Ending> RunUntilStopped(const RunParts& parts);

}  // namespace diffuser::lifecycle

#endif  // DIFFUSER_SERVER_LIFECYCLE_RUN_H_
