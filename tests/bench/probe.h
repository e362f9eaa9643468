#ifndef DIFFUSER_TESTS_BENCH_PROBE_H_
#define DIFFUSER_TESTS_BENCH_PROBE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "model/classifier.h"
#include "tests/bench/isa.h"

namespace diffuser::bench {

// What is measured in a process of its own, which has done nothing else: one batch, classified
// twice.
struct ProbeOptions {
  std::string model;  // directory
  std::string device = "cpu";
  std::string precision;  // a name of AllPrecisions
  int threads = 1;
  std::vector<int> lengths;  // of the batch's documents, in tokens
  std::string isa = kNativeIsa;
};

struct ProbeResult {
  double start_up = 0;     // seconds from before the process was there to the first answer
  int64_t peak_bytes = 0;  // most resident above what was there when the weights were loaded
};

// The arguments of `diffuser-bench` that make RunProbe get `options`.
std::vector<std::string> ProbeArguments(const ProbeOptions& options);

// The child's part: loads, classifies, and prints a line at the first answer and one at the end to
// `descriptor`. Errors: those of loading and classifying, and of reading the memory.
absl::Status RunProbe(const ProbeOptions& options, int descriptor);

// The parent's part: starts this very program with ProbeArguments, and reads those lines.
// OMP_WAIT_POLICY is left out of its environment, so that it starts as a server does.
// Blocks: until the child ends. Errors: INTERNAL (it could not be started, or failed: what it said
// is on stderr).
absl::StatusOr<ProbeResult> Probe(const ProbeOptions& options);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_PROBE_H_
