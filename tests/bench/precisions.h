#ifndef DIFFUSER_TESTS_BENCH_PRECISIONS_H_
#define DIFFUSER_TESTS_BENCH_PRECISIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/classifier.h"

namespace diffuser::bench {

struct NamedPrecision {
  std::string name;  // "float32"
  model::Precision precision;
};

// All that the engine's Precision names, but kAuto.
std::vector<NamedPrecision> AllPrecisions();

// Errors: INVALID_ARGUMENT with the names there are.
absl::StatusOr<model::Precision> FindPrecision(const std::string& name);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_PRECISIONS_H_
