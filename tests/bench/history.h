#ifndef DIFFUSER_TESTS_BENCH_HISTORY_H_
#define DIFFUSER_TESTS_BENCH_HISTORY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/results.h"

namespace diffuser::bench {

// Whether a file can be written at `path`, so that a long run does not end in vain. Leaves what is
// there as it is. Errors: INVALID_ARGUMENT naming the path and why not.
absl::Status CheckWritable(const std::string& path);

// Appends the run to the history file, one line of JSON; makes the file where there is none.
// Errors: UNAVAILABLE (it cannot be written).
absl::Status AppendToHistory(const std::string& path, const RunResult& run);

// The runs of a history file, oldest first. Empty lines are passed over.
// Errors: NOT_FOUND, PERMISSION_DENIED, INVALID_ARGUMENT naming the line that holds no run.
absl::StatusOr<std::vector<RunResult>> ReadHistory(const std::string& path);

// An SVG of the ratios to the floor over the runs, a panel for each checkpoint and precision: of
// documents of 512 and 4,096 tokens, the mixed batch and 64 documents of 64 tokens. Runs on another
// machine than the last one's, with other threads or against another floor are left out. Pure.
std::string PlotHistory(const std::vector<RunResult>& runs);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_HISTORY_H_
