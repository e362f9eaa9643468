#ifndef DIFFUSER_TESTS_BENCH_RESULTS_JSON_H_
#define DIFFUSER_TESTS_BENCH_RESULTS_JSON_H_

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/bench/results.h"

namespace diffuser::bench {

// All samples, and what is computed from them: "median_seconds" of engine and floor,
// "ratio_to_floor", and "requirements", for readers of the file. Durations are seconds.
nlohmann::ordered_json ToJson(const RunResult& run);

// What ToJson gave, computed values passed over; `origin` names it in messages.
// Errors: INVALID_ARGUMENT (no JSON, or not of that form).
absl::StatusOr<RunResult> ParseRun(absl::string_view json, absl::string_view origin);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_RESULTS_JSON_H_
