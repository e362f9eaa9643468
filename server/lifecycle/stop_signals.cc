#include "server/lifecycle/stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/clock.h"

namespace diffuser::lifecycle {
namespace {

// What poll takes: rounded up, so that it never spins before the deadline; long waits in parts.
int PollMilliseconds(absl::Time deadline) {
  const absl::Duration left =
      std::clamp(deadline - absl::Now(), absl::ZeroDuration(), absl::Hours(1));
  return static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1))));
}

// Takes one item of that size off a descriptor that does not block; whether there was one.
template <typename T>
bool Take(int descriptor) {
  T item;
  return read(descriptor, &item, sizeof(item)) == static_cast<ssize_t>(sizeof(item));
}

}  // namespace

absl::StatusOr<std::unique_ptr<StopSignals>> StopSignals::Block() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  const int notifications = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::unique_ptr<StopSignals> result(new StopSignals(signals, notifications));
  if (signals < 0 || notifications < 0) return absl::InternalError("cannot wait for signals");
  return result;
}

StopSignals::~StopSignals() {
  if (signals_ >= 0) close(signals_);
  if (notifications_ >= 0) close(notifications_);
}

StopSignals::Event StopSignals::Wait(absl::Time deadline) {
  while (true) {
    if (Take<signalfd_siginfo>(signals_)) return Event::kSignal;
    if (Take<uint64_t>(notifications_)) return Event::kNotified;
    if (absl::Now() >= deadline) return Event::kTimeout;
    pollfd descriptors[] = {{signals_, POLLIN, 0}, {notifications_, POLLIN, 0}};
    poll(descriptors, 2, PollMilliseconds(deadline));
  }
}

void StopSignals::Notify() {
  const uint64_t one = 1;
  while (write(notifications_, &one, sizeof(one)) < 0 && errno == EINTR) {
  }
}

}  // namespace diffuser::lifecycle
