#include "model/training/report/axis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

namespace diffuser::training {
namespace {

// Ends that lie on a tick but for rounding stay there.
constexpr double kSlack = 1e-9;

// Makes room around a single value, so that it stands in the middle.
void Widen(double& low, double& high) {
  const double least = std::max(std::abs(low), std::abs(high)) * 1e-6;
  if (high - low > least) return;
  const double room = low == 0 ? 0.5 : std::abs(low) / 10;
  low -= room;
  high += room;
}

}  // namespace

Axis EncloseRange(double low, double high, int most_ticks) {
  Widen(low, high);
  const double power = std::pow(10, std::floor(std::log10((high - low) / most_ticks)));
  for (const double factor : std::array{1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0}) {
    const double step = power * factor;
    const double first = std::floor(low / step + kSlack);
    const double last = std::ceil(high / step - kSlack);
    if (last - first + 1 > most_ticks) continue;
    Axis axis{.low = first * step, .high = last * step, .ticks = {}};
    for (int64_t i = 0; i <= static_cast<int64_t>(last - first); ++i) {
      axis.ticks.push_back((first + static_cast<double>(i)) * step);
    }
    return axis;
  }
  return {.low = low, .high = high, .ticks = {low, high}};
}

}  // namespace diffuser::training
