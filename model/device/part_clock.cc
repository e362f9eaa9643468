#include "model/device/part_clock.h"

#include <map>

namespace diffuser::device {

void PartClock::Report(const std::function<void(std::string_view, double)>& report) const {
  std::map<std::string_view, double> seconds;
  const Timestamp* before = begin_.get();
  for (const auto& [part, end] : ends_) {
    seconds[part] += end->SecondsSince(*before);
    before = end.get();
  }
  for (const auto& [part, sum] : seconds) report(part, sum);
}

}  // namespace diffuser::device
