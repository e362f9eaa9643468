#ifndef DIFFUSER_TESTS_BENCH_BASE_CHECKPOINT_H_
#define DIFFUSER_TESTS_BENCH_BASE_CHECKPOINT_H_

#include <string>

#include "absl/status/status.h"
#include "model/model_config.h"

namespace diffuser::bench {

// The base shape of the published code, with two labels.
model::ModelConfig BaseConfig();

// Makes the checkpoint directory `dir` with random weights, unless it is there. Half a gigabyte at
// base shape. Errors: UNAVAILABLE (it cannot be written).
absl::Status MakeRandomCheckpoint(const std::string& dir, const model::ModelConfig& config);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_BASE_CHECKPOINT_H_
