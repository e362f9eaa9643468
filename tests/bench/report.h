#ifndef DIFFUSER_TESTS_BENCH_REPORT_H_
#define DIFFUSER_TESTS_BENCH_REPORT_H_

#include <string>

#include "tests/bench/results.h"

namespace diffuser::bench {

// What a person reads. Pure.

// Of one checkpoint and precision: a table of its cases, and the milliseconds by part.
std::string FormatEngine(const EngineResult& result);

// The figures that the engine is held to; empty where the run measured none of them.
std::string FormatRequirements(const RunResult& run);

// What the columns of FormatEngine mean.
std::string Legend();

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_REPORT_H_
