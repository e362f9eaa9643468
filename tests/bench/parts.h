#ifndef DIFFUSER_TESTS_BENCH_PARTS_H_
#define DIFFUSER_TESTS_BENCH_PARTS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "model/classifier.h"
#include "model/packed_batch.h"
#include "model/profile.h"

namespace diffuser::bench {

// The names of what MeasureParts gives, in the order of computation. All but the last, which the
// others count too, add up to the whole.
const std::vector<std::string>& PartNames();

// Classifies the batch twice and gives the wall seconds by part of the faster run: of the
// attention's parts, which are counted on each of `threads` threads, their thread seconds shared
// out over them. What is left of the attention (idle threads) and of the whole goes to parts of
// their own.
// Errors: what the engine answers.
absl::Status MeasureParts(const model::Classifier& engine, const model::PackedBatch& batch,
                          int threads, std::map<std::string, double>& parts);

// The same of a profile of a call that took `whole` seconds. Pure.
std::map<std::string, double> SharesOf(const model::Profile& profile, int threads, double whole);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_PARTS_H_
