#ifndef DIFFUSER_CLIENT_CLI_LATENCY_H_
#define DIFFUSER_CLIENT_CLI_LATENCY_H_

#include <vector>

#include "absl/time/time.h"

namespace diffuser::cli {

// The smallest of `sorted` that at least `share` of them do not exceed (the nearest rank).
// REQUIRES: sorted upwards, not empty, 0 < share <= 1.
double Percentile(const std::vector<double>& sorted, double share);

// Of a set of durations, in seconds. All 0 for an empty set.
struct LatencySummary {
  double p50 = 0, p90 = 0, p99 = 0, max = 0, mean = 0;
};
LatencySummary Summarize(std::vector<double> seconds);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_LATENCY_H_
