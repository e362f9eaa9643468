#ifndef DIFFUSER_TESTS_BENCH_RESULTS_H_
#define DIFFUSER_TESTS_BENCH_RESULTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace diffuser::bench {

// What was measured of one case with one engine. Samples are by repetition, in seconds.
struct CaseResult {
  std::string name = {};
  int documents = 0;
  int tokens = 0;
  std::vector<double> engine = {};
  std::vector<double> floor = {};         // see FloorSeconds::whole
  std::vector<double> needed_floor = {};  // see FloorSeconds::needed
  std::vector<double> one_by_one = {};    // of the documents one by one; empty where not asked for
  double engine_operations = 0;
  double floor_operations = 0;
  std::map<std::string, double> parts = {};  // seconds by part, of a run of its own
  std::optional<int64_t> peak_bytes = {};    // above the weights
};

// One checkpoint in one precision.
struct EngineResult {
  std::string checkpoint = {};  // "base", or the directory's name
  std::string precision = {};
  std::string floor_precision = {};
  int64_t weight_bytes = 0;
  std::optional<double> start_up = {};  // process start to first answer, in seconds
  std::vector<CaseResult> cases = {};
};

struct Machine {
  std::string processor = {};
  int threads = 0;       // that the engine and the floor computed with
  std::string isa = {};  // the widest that matters here: "avx512_bf16"
};

// One run of the benchmark.
struct RunResult {
  std::string date = {};      // RFC 3339
  std::string revision = {};  // of the source
  Machine machine;
  std::vector<EngineResult> engines = {};
};

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_RESULTS_H_
