#ifndef DIFFUSER_TESTS_BENCH_RUN_COMMAND_H_
#define DIFFUSER_TESTS_BENCH_RUN_COMMAND_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace diffuser::bench {

// What `diffuser-bench` was asked for.
struct RunOptions {
  std::vector<std::string> models;      // directories, or "base"
  std::vector<std::string> precisions;  // names of AllPrecisions; empty: all
  std::vector<std::string> cases;       // names of AllCases; empty: all
  int repetitions = 5;
  int threads = 0;                     // 0: as many as the process may use
  std::string cache = ".cache/bench";  // where the checkpoint of base shape is kept
};

// Errors: INVALID_ARGUMENT (an unknown name), and those of loading and measuring.
absl::Status RunBenchmark(const RunOptions& options, std::ostream& out, std::ostream& log);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_RUN_COMMAND_H_
