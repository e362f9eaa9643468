#include "client/cli/latency.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace diffuser::cli {

double Percentile(const std::vector<double>& sorted, double share) {
  const auto count = static_cast<double>(sorted.size());
  // What rounding adds to a whole product must not move it to the next rank.
  const auto rank = static_cast<size_t>(std::ceil(share * count * (1 - 1e-12)));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

LatencySummary Summarize(std::vector<double> seconds) {
  if (seconds.empty()) return {};
  std::sort(seconds.begin(), seconds.end());
  const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  return {Percentile(seconds, 0.5), Percentile(seconds, 0.9), Percentile(seconds, 0.99),
          seconds.back(), sum / static_cast<double>(seconds.size())};
}

}  // namespace diffuser::cli
