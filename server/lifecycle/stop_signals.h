#ifndef DIFFUSER_SERVER_LIFECYCLE_STOP_SIGNALS_H_
#define DIFFUSER_SERVER_LIFECYCLE_STOP_SIGNALS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace diffuser::lifecycle {

// SIGTERM and SIGINT as events to wait for, beside those of the program's own threads.
class StopSignals {
 public:
  enum class Event {
    kSignal,    // one of the signals came
    kNotified,  // Notify was called since the last wait
    kTimeout,
  };

  // Blocks both signals in the calling thread, and so in all that it starts from then on.
  // REQUIRES: no other thread was started. Errors: INTERNAL (the kernel has no descriptors left).
  static absl::StatusOr<std::unique_ptr<StopSignals>> Block();

  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Blocks: until an event, or until the wall clock reaches `deadline`. A signal comes before a
  // notification. Each signal is given once.
  Event Wait(absl::Time deadline);

  // Ends a wait; one that is not under way yet, too. From any thread.
  void Notify();

 private:
  StopSignals(int signals, int notifications) : signals_(signals), notifications_(notifications) {}

  const int signals_;        // a signalfd
  const int notifications_;  // an eventfd
};

}  // namespace diffuser::lifecycle

#endif  // DIFFUSER_SERVER_LIFECYCLE_STOP_SIGNALS_H_
