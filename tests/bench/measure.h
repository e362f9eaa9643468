#ifndef DIFFUSER_TESTS_BENCH_MEASURE_H_
#define DIFFUSER_TESTS_BENCH_MEASURE_H_

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/classifier.h"
#include "tests/bench/cases.h"
#include "tests/bench/device_parts.h"
#include "tests/bench/floor.h"
#include "tests/bench/precisions.h"
#include "tests/bench/results.h"

namespace diffuser::bench {

// A loaded checkpoint and what it is compared with.
struct Subject {
  std::shared_ptr<const model::Classifier> engine;
  std::shared_ptr<Floor> floor;
  EngineResult result;  // its names are set; cases are added
  // Told of the engine's parts where it computes on a device; null on the CPU.
  std::shared_ptr<DeviceParts> device_parts;
};

struct MeasureOptions {
  std::vector<Case> cases;
  int repetitions = 5;  // >= 1
  int threads = 1;      // that the engines compute with
};

// Measures every case with every subject, which are of one checkpoint: repetition by repetition,
// each time engine, floor and one by one of all subjects in turn, so that they meet the same
// machine; short ones several times, of which a sample is the mean. Then once more for the seconds
// by part. What it leaves out, and how far it is, goes to `log`.
// Errors: what the engine or the floor answer.
absl::Status Measure(const MeasureOptions& options, std::vector<Subject>& subjects,
                     std::ostream& log);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_MEASURE_H_
