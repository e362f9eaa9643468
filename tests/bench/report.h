#ifndef DIFFUSER_TESTS_BENCH_REPORT_H_
#define DIFFUSER_TESTS_BENCH_REPORT_H_

#include <string>

#include "tests/bench/results.h"

namespace diffuser::bench {

// What a person reads of one checkpoint and precision: a table of its cases and one of the parts.
// Pure.
std::string FormatEngine(const EngineResult& result);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_REPORT_H_
