#ifndef DIFFUSER_TESTS_BENCH_RESULTS_H_
#define DIFFUSER_TESTS_BENCH_RESULTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace diffuser::bench {

// What a part of the engine must do for a case, whatever its layout in memory: floating-point
// operations, and bytes that it reads and writes at least.
struct PartWork {
  double operations = 0;
  double bytes = 0;
};

// What was measured of one case with one engine. Samples are by repetition, in seconds.
struct CaseResult {
  std::string name = {};
  int documents = 0;
  int tokens = 0;
  std::vector<double> engine = {};
  std::vector<double> floor = {};         // see FloorSeconds::whole
  std::vector<double> needed_floor = {};  // see FloorSeconds::needed
  std::vector<double> engine_cpu = {};    // in CPU time
  std::vector<double> floor_cpu = {};
  std::vector<double> one_by_one = {};  // the documents one by one; empty where not asked for
  double engine_operations = 0;
  double floor_operations = 0;
  std::map<std::string, double> parts = {};   // seconds by part, of runs of their own
  std::map<std::string, PartWork> work = {};  // of parts on a device
  std::optional<int64_t> peak_bytes = {};     // above the weights
};

// One checkpoint in one precision.
struct EngineResult {
  std::string checkpoint = {};  // "base", or its directory
  std::string precision = {};
  std::string floor_precision = {};
  int64_t weight_bytes = 0;
  std::optional<int64_t> device_bytes = {};  // of a device's memory in use, by all processes
  std::vector<double> start_up = {};  // seconds from process start to first answer, by repetition
  std::vector<CaseResult> cases = {};
};

struct Machine {
  std::string processor = {};
  int cores = 0;
  int threads = 0;             // that engine and floor computed with
  std::string isa = {};        // the vector extensions that matter here: "avx2 avx512f"
  std::string device = "cpu";  // that engine and floor computed on: "cpu", or its name
};

// One run of the benchmark.
struct RunResult {
  std::string date = {};      // RFC 3339, UTC
  std::string revision = {};  // of the source: a commit's short hash
  Machine machine = {};
  bool reused_floor_memory = true;  // see FloorOptions
  std::vector<EngineResult> engines = {};
};

// The engine or the case of that name, or null.
const EngineResult* FindEngine(const RunResult& run, const std::string& checkpoint,
                               const std::string& precision);
const CaseResult* FindCase(const EngineResult& engine, const std::string& name);

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_RESULTS_H_
