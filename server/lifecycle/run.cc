#include "server/lifecycle/run.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/time/clock.h"

namespace diffuser::lifecycle {
namespace {

using logging::Level;

// For connections to close once every call of ours was answered. What would hold them open longer
// does not end by itself: watches of our health, and clients that do not listen while they are
// idle.
constexpr absl::Duration kClosingTime = absl::Seconds(1);

// What came of loading, handed from the loading thread to the waiting one. Shared: loading may end
// after the wait has.
class Outcome {
 public:
  void Set(absl::Status status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  // None before loading has ended.
  std::optional<absl::Status> Get() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<absl::Status> status_;
};

void StartLoading(const RunParts& parts, const std::shared_ptr<Outcome>& outcome) {
  parts.loading->Start([signals = parts.signals, outcome](absl::Status status) {
    outcome->Set(std::move(status));
    signals->Notify();
  });
}

// `signals_to_come`: the last of so many interrupts the drain.
Ending Drain(const RunParts& parts, int signals_to_come) {
  const absl::Time deadline = absl::Now() + parts.drain_timeout;
  const int calls = parts.gate->calls_inside();
  parts.server->SetDraining();
  parts.gate->Close([signals = parts.signals] { signals->Notify(); });
  parts.logger->Log(
      Level::kInfo, "draining",
      {{"calls", calls}, {"timeout_seconds", absl::ToDoubleSeconds(parts.drain_timeout)}});
  while (parts.gate->calls_inside() > 0) {
    const StopSignals::Event event = parts.signals->Wait(deadline);
    if (event == StopSignals::Event::kSignal && --signals_to_come == 0) {
      return Ending::kInterrupted;
    }
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
    case Ending::kDeviceFailed:
      return "device failed";
  }
  return "";
}

// Says what health is, where that is news. `was_serving`: what was said last.
bool TellHealth(const RunParts& parts, bool serving, bool was_serving) {
  if (serving != was_serving) {
    parts.server->SetServing(serving);
    parts.logger->Log(serving ? Level::kInfo : Level::kError, serving ? "serving" : "not_serving",
                      {});
  }
  return serving;
}

// Serves until a signal (kDrained) or a device's failure (kDeviceFailed) asks for the drain.
absl::StatusOr<Ending> ServeUntilAsked(const RunParts& parts) {
  const auto loading = std::make_shared<Outcome>();
  StartLoading(parts, loading);
  bool serving = false;
  while (parts.signals->Wait(absl::InfiniteFuture()) != StopSignals::Event::kSignal) {
    const models::Condition condition = parts.condition();
    if (condition == models::Condition::kFailed) return Ending::kDeviceFailed;
    const std::optional<absl::Status> loaded = loading->Get();
    if (!loaded) continue;
    if (!loaded->ok()) return *loaded;
    serving = TellHealth(parts, condition == models::Condition::kServed, serving);
  }
  return Ending::kDrained;
}

}  // namespace

absl::StatusOr<Ending> RunUntilStopped(const RunParts& parts) {
  const absl::StatusOr<Ending> asked = ServeUntilAsked(parts);
  if (!asked.ok()) return asked.status();
  const bool device_failed = *asked == Ending::kDeviceFailed;
  Ending ending = Drain(parts, device_failed ? 2 : 1);
  if (device_failed && ending != Ending::kInterrupted) ending = Ending::kDeviceFailed;
  parts.logger->Log(Level::kInfo, "stopped", {{"ending", NameOf(ending)}});
  return ending;
}

}  // namespace diffuser::lifecycle
