#include "server/lifecycle/run.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/time/clock.h"

namespace diffuser::lifecycle {
namespace {

using logging::Level;

// For connections to close once every call of ours was answered. What would hold them open longer
// does not end by itself: watches of our health, and clients that do not listen while they are
// idle.
constexpr absl::Duration kClosingTime = absl::Seconds(1);

// Why loading failed, handed from the loading thread to the waiting one. Shared: loading may end
// after the wait has.
class Failure {
 public:
  void Set(absl::Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  absl::Status Get() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  absl::Status status_;
};

void StartLoading(const RunParts& parts, const std::shared_ptr<Failure>& failure) {
  parts.loading->Start([parts, failure](absl::Status status) {
    if (status.ok()) {
      parts.server->SetServing(true);
      parts.logger->Log(Level::kInfo, "serving", {});
    } else {
      failure->Set(std::move(status));
      parts.signals->Notify();
    }
  });
}

Ending Drain(const RunParts& parts) {
  const absl::Time deadline = absl::Now() + parts.drain_timeout;
  const int calls = parts.gate->calls_inside();
  parts.server->SetDraining();
  parts.gate->Close([signals = parts.signals] { signals->Notify(); });
  parts.logger->Log(
      Level::kInfo, "draining",
      {{"calls", calls}, {"timeout_seconds", absl::ToDoubleSeconds(parts.drain_timeout)}});
  while (parts.gate->calls_inside() > 0) {
    const StopSignals::Event event = parts.signals->Wait(deadline);
    if (event == StopSignals::Event::kSignal) return Ending::kInterrupted;
    if (event == StopSignals::Event::kTimeout) {
      parts.server->Stop(absl::Now());
      return Ending::kTimedOut;
    }
  }
  parts.server->Stop(std::min(deadline, absl::Now() + kClosingTime));
  return Ending::kDrained;
}

const char* NameOf(Ending ending) {
  switch (ending) {
    case Ending::kDrained:
      return "drained";
    case Ending::kTimedOut:
      return "timed out";
    case Ending::kInterrupted:
      return "interrupted";
  }
  return "";
}

}  // namespace

absl::StatusOr<Ending> RunUntilStopped(const RunParts& parts) {
  const auto failure = std::make_shared<Failure>();
  StartLoading(parts, failure);
  while (parts.signals->Wait(absl::InfiniteFuture()) != StopSignals::Event::kSignal) {
    if (absl::Status status = failure->Get(); !status.ok()) return status;
  }
  const Ending ending = Drain(parts);
  parts.logger->Log(Level::kInfo, "stopped", {{"ending", NameOf(ending)}});
  return ending;
}

}  // namespace diffuser::lifecycle
