#include "tests/bench/device_parts.h"

#include <utility>

#include "tests/bench/statistics.h"

namespace diffuser::bench {

void DeviceParts::Add(std::string_view part, double seconds) {
  const std::lock_guard lock(mutex_);
  seconds_[std::string(part)].push_back(seconds);
}

std::map<std::string, double> DeviceParts::TakeMedians() {
  std::map<std::string, std::vector<double>> taken;
  {
    const std::lock_guard lock(mutex_);
    taken = std::exchange(seconds_, {});
  }
  std::map<std::string, double> medians;
  for (const auto& [part, seconds] : taken) medians[part] = Median(seconds);
  return medians;
}

absl::Status MeasureDeviceParts(const model::Classifier& engine, const model::PackedBatch& batch,
                                DeviceParts& collected, std::map<std::string, double>& parts) {
  constexpr int kRuns = 128;
  collected.TakeMedians();  // of other batches
  for (int run = 0; run < kRuns; ++run) {
    if (const auto answers = engine.Classify(batch, {}); !answers.ok()) return answers.status();
  }
  parts = collected.TakeMedians();
  return absl::OkStatus();
}

}  // namespace diffuser::bench
