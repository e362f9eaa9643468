#ifndef DIFFUSER_TESTS_BENCH_STATISTICS_H_
#define DIFFUSER_TESTS_BENCH_STATISTICS_H_

#include <vector>

namespace diffuser::bench {

// What is said of one quantity that was measured several times.
struct Summary {
  double median = 0;
  double least = 0;
  double most = 0;
};

// The mean of the two middle ones where the count is even. REQUIRES: not empty.
double Median(std::vector<double> samples);

// REQUIRES: not empty.
Summary Summarize(const std::vector<double>& samples);

// a[i] / b[i] for every i: of what was measured in the same repetition, so that whatever slows the
// machine for a while is in both.
// REQUIRES: equal sizes; no 0 in b.
std::vector<double> Ratios(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_STATISTICS_H_
