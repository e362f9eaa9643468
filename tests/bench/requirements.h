#ifndef DIFFUSER_TESTS_BENCH_REQUIREMENTS_H_
#define DIFFUSER_TESTS_BENCH_REQUIREMENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/bench/results.h"
#include "tests/bench/statistics.h"

namespace diffuser::bench {

// One figure that the engine is held to on the CPU, on two cores at base shape; less is better.
struct Requirement {
  std::string what;
  std::string precision;
  std::string unit;  // "" for a ratio
  double must = 0;
  double aim = 0;
  std::optional<Summary> reached = {};  // nothing where the run did not measure it
};

// "missed", "must" (reached), "aim" (reached), or "not measured".
std::string Verdict(const Requirement& requirement);

// All figures, with what the run reached; none of a run on another device. What is compared within
// a repetition is the median of the repetitions' ratios.
std::vector<Requirement> CheckRequirements(const RunResult& run);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_REQUIREMENTS_H_
