#ifndef DIFFUSER_TESTS_BENCH_SAMPLE_RUN_H_
#define DIFFUSER_TESTS_BENCH_SAMPLE_RUN_H_

#include <string>

#include "tests/bench/results.h"

namespace diffuser::bench {

// A case of two repetitions in which the engine takes `ratio` times as long as the floor.
inline CaseResult SampleCase(const std::string& name, int tokens, double ratio) {
  return {.name = name,
          .documents = 1,
          .tokens = tokens,
          .engine = {2 * ratio, 4 * ratio},
          .floor = {2, 4},
          .needed_floor = {1, 2},
          .engine_cpu = {3 * ratio, 6 * ratio},
          .floor_cpu = {4, 8},
          .engine_operations = 8e9,
          .floor_operations = 6e9,
          .parts = {{"scores", 0.25}, {"head", 0.5}}};
}

// A run at base shape, float32 and bfloat16, with all that is required of it.
inline RunResult SampleRun() {
  RunResult run{.date = "2026-01-31T12:00:00+00:00",
                .revision = "0123456789ab",
                .machine = {.processor = "Example CPU", .cores = 4, .threads = 2, .isa = "avx2"}};
  for (const char* precision : {"float32", "bfloat16"}) {
    EngineResult engine{.checkpoint = "base",
                        .precision = precision,
                        .floor_precision = precision,
                        .weight_bytes = 1000,
                        .start_up = {0.5, 0.75, 1.0}};
    engine.cases = {SampleCase("512", 512, 1.0), SampleCase("4096", 4096, 1.25),
                    SampleCase("mixed", 4096, 1.5), SampleCase("64x64", 4096, 1.0)};
    engine.cases[1].peak_bytes = 200'000'000;
    engine.cases[2].one_by_one = {3, 6};
    run.engines.push_back(engine);
  }
  return run;
}

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_SAMPLE_RUN_H_
