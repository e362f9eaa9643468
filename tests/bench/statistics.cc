#include "tests/bench/statistics.h"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace diffuser::bench {

double Median(std::vector<double> samples) {
  assert(!samples.empty());
  std::sort(samples.begin(), samples.end());
  const size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

Summary Summarize(const std::vector<double>& samples) {
  const auto [least, most] = std::minmax_element(samples.begin(), samples.end());
  return {.median = Median(samples), .least = *least, .most = *most};
}

std::vector<double> Ratios(const std::vector<double>& a, const std::vector<double>& b) {
  assert(a.size() == b.size());
  std::vector<double> ratios(a.size());
  std::transform(a.begin(), a.end(), b.begin(), ratios.begin(),
                 [](double x, double y) { return x / y; });
  return ratios;
}

}  // namespace diffuser::bench
