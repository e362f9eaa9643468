#ifndef DIFFUSER_TESTS_BENCH_RUN_COMMAND_H_
#define DIFFUSER_TESTS_BENCH_RUN_COMMAND_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "tests/bench/isa.h"

namespace diffuser::bench {

// What `diffuser-bench` was asked for.
struct RunOptions {
  std::string device = "cpu";           // as model::FindDevices takes it, of one device
  std::vector<std::string> models;      // directories, or "base"
  std::vector<std::string> precisions;  // names of AllPrecisions; empty: all
  std::vector<std::string> cases;       // names of AllCases; empty: all for the device
  int repetitions = 5;
  int threads = 0;  // 0: as many as the process may use
  std::string isa = kNativeIsa;
  bool fresh_floor_memory = false;     // see FloorOptions::reuse_memory
  bool no_probes = false;              // whether start-up and memory are left out
  std::string cache = ".cache/bench";  // where the checkpoint of base shape is kept
  std::string json;                    // written here, unless empty
  std::string history;                 // appended here, unless empty
};

// Runs the benchmark at time `now`: tables to `out`, progress to `log`. A precision that this
// machine lacks is left out with a word.
// Errors: INVALID_ARGUMENT (an unknown name, a file that cannot be written), NOT_FOUND (no such
// checkpoint), FAILED_PRECONDITION (no such device, or it has none of the precisions), and those of
// loading and measuring.
absl::Status RunBenchmark(const RunOptions& options, absl::Time now, std::ostream& out,
                          std::ostream& log);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_RUN_COMMAND_H_
