#include "tests/bench/measure.h"

#include <algorithm>
#include <utility>

#include "model/graph/attention_graph.h"
#include "tests/bench/parts.h"
#include "tests/bench/stopwatch.h"
#include "tests/bench/work.h"

namespace diffuser::bench {
namespace {

// A case with its batch, packed and in single documents.
struct Load {
  Case what;
  model::PackedBatch packed;
  std::vector<model::PackedBatch> single;  // empty unless they are measured one by one
};

// Sums over the rounds of a repetition, in seconds.
struct Sums {
  double engine = 0;
  double engine_cpu = 0;
  double one_by_one = 0;
  FloorSeconds floor;
};

absl::Status AddSeconds(const model::Classifier& engine, const model::PackedBatch& batch,
                        double& seconds, double* cpu_seconds = nullptr) {
  const Stopwatch stopwatch;
  const auto answers = engine.Classify(batch, {});
  seconds += stopwatch.seconds();
  if (cpu_seconds != nullptr) *cpu_seconds += stopwatch.cpu_seconds();
  return answers.status();
}

absl::Status AddEngine(const Subject& subject, const Load& load, Sums& sums) {
  absl::Status status = AddSeconds(*subject.engine, load.packed, sums.engine, &sums.engine_cpu);
  for (const model::PackedBatch& document : load.single) {
    status.Update(AddSeconds(*subject.engine, document, sums.one_by_one));
  }
  return status;
}

absl::Status AddFloor(Subject& subject, const Load& load, Sums& sums) {
  const auto seconds = subject.floor->Run(load.packed.tokens(), load.packed.documents());
  if (!seconds.ok()) return seconds.status();
  sums.floor.whole += seconds->whole;
  sums.floor.whole_cpu += seconds->whole_cpu;
  sums.floor.needed += seconds->needed;
  return absl::OkStatus();
}

// Engine and floor take turns in being first.
absl::Status AddRound(Subject& subject, const Load& load, bool engine_first, Sums& sums) {
  absl::Status status;
  if (engine_first) status.Update(AddEngine(subject, load, sums));
  status.Update(AddFloor(subject, load, sums));
  if (!engine_first) status.Update(AddEngine(subject, load, sums));
  return status;
}

// What takes less than kLeastSeconds is done in several rounds.
int CountRounds(const Sums& first) {
  constexpr double kLeastSeconds = 0.3;
  constexpr double kMostRounds = 100;
  return static_cast<int>(
      std::clamp(kLeastSeconds / (first.engine + first.floor.whole), 1.0, kMostRounds));
}

// One sample of everything: means over the rounds.
absl::Status MeasureOnce(Subject& subject, const Load& load, int rounds, CaseResult& result) {
  Sums sums;
  for (int round = 0; round < rounds; ++round) {
    const bool engine_first = (result.engine.size() + round) % 2 == 0;
    if (absl::Status status = AddRound(subject, load, engine_first, sums); !status.ok()) {
      return status;
    }
  }
  result.engine.push_back(sums.engine / rounds);
  result.engine_cpu.push_back(sums.engine_cpu / rounds);
  result.floor.push_back(sums.floor.whole / rounds);
  result.floor_cpu.push_back(sums.floor.whole_cpu / rounds);
  result.needed_floor.push_back(sums.floor.needed / rounds);
  if (!load.single.empty()) result.one_by_one.push_back(sums.one_by_one / rounds);
  return absl::OkStatus();
}

std::vector<Load> MakeLoads(const std::vector<Case>& cases, const model::ModelConfig& config,
                            std::ostream& log) {
  std::vector<Load> loads;
  for (const Case& all : cases) {
    Case fitting = Fit(all, config);
    if (fitting.lengths.size() < all.lengths.size()) {
      log << all.name << ": " << all.lengths.size() - fitting.lengths.size() << " of "
          << all.lengths.size() << " documents left out, longer than the model's "
          << config.max_tokens() << " tokens\n";
    }
    if (fitting.lengths.empty()) continue;
    Load load{.what = std::move(fitting), .packed = {}, .single = {}};
    load.packed = MakeBatch(load.what.lengths, config);
    for (int i = 0; load.what.one_by_one && i < load.packed.documents(); ++i) {
      load.single.emplace_back().Append(load.packed.document(i));
    }
    loads.push_back(std::move(load));
  }
  return loads;
}

// Where the engine computes on a device.
std::map<std::string, PartWork> WorkOnDevice(const Subject& subject,
                                             const graph::AttentionGraph& graph, const Load& load) {
  if (subject.device_parts == nullptr) return {};
  const int element_bytes = subject.engine->precision() == model::Precision::kFloat32 ? 4 : 2;
  return DeviceWork(subject.engine->config(), graph, load.what.lengths, element_bytes);
}

double Operations(const std::map<std::string, PartWork>& parts) {
  double sum = 0;
  for (const auto& [part, work] : parts) sum += work.operations;
  return sum;
}

absl::Status PrepareResults(const std::vector<Load>& loads, std::vector<Subject>& subjects) {
  const model::ModelConfig& config = subjects.front().engine->config();
  const auto graph = graph::AttentionGraph::Build({.nodes = model::kGraphNodes,
                                                   .window = config.attention_window,
                                                   .num_rand = config.num_rand,
                                                   .num_glob = config.num_glob});
  if (!graph.ok()) return graph.status();
  for (const Load& load : loads) {
    CaseResult result{.name = load.what.name,
                      .documents = load.packed.documents(),
                      .tokens = load.packed.tokens()};
    result.floor_operations = FloorOperations(config, load.packed.tokens());
    for (Subject& subject : subjects) {
      result.work = WorkOnDevice(subject, **graph, load);
      result.engine_operations = result.work.empty()
                                     ? EngineOperations(config, **graph, load.what.lengths)
                                     : Operations(result.work);
      subject.result.cases.push_back(result);
    }
  }
  return absl::OkStatus();
}

// By load and subject, how many rounds make a sample.
using Rounds = std::vector<std::vector<int>>;

// What is done once only, at the first call or at the largest batch so far, is not measured.
absl::StatusOr<Rounds> WarmUp(const std::vector<Load>& loads, std::vector<Subject>& subjects) {
  Rounds rounds;
  for (const Load& load : loads) {
    rounds.emplace_back();
    for (Subject& subject : subjects) {
      Sums sums;
      const absl::Status status = AddRound(subject, load, /*engine_first=*/true, sums);
      if (!status.ok()) return status;
      rounds.back().push_back(CountRounds(sums));
    }
  }
  return rounds;
}

absl::Status Repeat(const std::vector<Load>& loads, const Rounds& rounds,
                    std::vector<Subject>& subjects) {
  for (size_t i = 0; i < loads.size(); ++i) {
    for (size_t j = 0; j < subjects.size(); ++j) {
      const absl::Status status =
          MeasureOnce(subjects[j], loads[i], rounds[i][j], subjects[j].result.cases[i]);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status AddParts(const Subject& subject, const Load& load, int threads,
                      std::map<std::string, double>& parts) {
  if (subject.device_parts == nullptr) {
    return MeasureParts(*subject.engine, load.packed, threads, parts);
  }
  return MeasureDeviceParts(*subject.engine, load.packed, *subject.device_parts, parts);
}

}  // namespace

absl::Status Measure(const MeasureOptions& options, std::vector<Subject>& subjects,
                     std::ostream& log) {
  const std::vector<Load> loads = MakeLoads(options.cases, subjects.front().engine->config(), log);
  if (loads.empty()) return absl::OkStatus();
  absl::Status status = PrepareResults(loads, subjects);
  if (!status.ok()) return status;
  const auto rounds = WarmUp(loads, subjects);
  if (!rounds.ok()) return rounds.status();
  for (int repetition = 1; repetition <= options.repetitions; ++repetition) {
    status = Repeat(loads, *rounds, subjects);
    if (!status.ok()) return status;
    log << "repetition " << repetition << " of " << options.repetitions << " done" << std::endl;
  }
  for (size_t i = 0; i < loads.size(); ++i) {
    for (Subject& subject : subjects) {
      if (!status.ok()) return status;
      status = AddParts(subject, loads[i], options.threads, subject.result.cases[i].parts);
    }
  }
  return status;
}

}  // namespace diffuser::bench
