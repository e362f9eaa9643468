#include "tests/bench/device_marks.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace diffuser::bench {

void DeviceMarks::Add() {
  if (device_.is_cpu()) {
    times_.push_back(std::chrono::steady_clock::now());
    return;
  }
  // The flag makes CUDA's events keep the time.
  c10::Event& event = events_.emplace_back(device_.type(), c10::EventFlag::BACKEND_DEFAULT);
  event.record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
}

std::vector<double> DeviceMarks::Intervals() const {
  std::vector<double> seconds;
  for (size_t i = 0; i + 1 < times_.size(); ++i) {
    seconds.push_back(std::chrono::duration<double>(times_[i + 1] - times_[i]).count());
  }
  if (!events_.empty()) events_.back().synchronize();
  for (size_t i = 0; i + 1 < events_.size(); ++i) {
    seconds.push_back(1e-3 * events_[i].elapsedTime(events_[i + 1]));
  }
  return seconds;
}

}  // namespace diffuser::bench
