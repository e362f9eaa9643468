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

absl::Status AddSeconds(const model::Classifier& engine, const model::PackedBatch& batch,
                        double& seconds) {
  const Stopwatch stopwatch;
  const auto answers = engine.Classify(batch, {});
  seconds += stopwatch.seconds();
  return answers.status();
}

absl::Status MeasureEngine(const Subject& subject, const Load& load, CaseResult& result) {
  double seconds = 0;
  absl::Status status = AddSeconds(*subject.engine, load.packed, seconds);
  result.engine.push_back(seconds);
  if (load.single.empty()) return status;
  seconds = 0;
  for (const model::PackedBatch& document : load.single) {
    status.Update(AddSeconds(*subject.engine, document, seconds));
  }
  result.one_by_one.push_back(seconds);
  return status;
}

absl::Status MeasureFloor(Subject& subject, const Load& load, CaseResult& result) {
  const auto seconds = subject.floor->Run(load.packed.tokens(), load.packed.documents());
  if (!seconds.ok()) return seconds.status();
  result.floor.push_back(seconds->whole);
  result.needed_floor.push_back(seconds->needed);
  return absl::OkStatus();
}

// Engine and floor take turns in being first.
absl::Status MeasureOnce(Subject& subject, const Load& load, bool engine_first,
                         CaseResult& result) {
  absl::Status status;
  if (engine_first) status.Update(MeasureEngine(subject, load, result));
  status.Update(MeasureFloor(subject, load, result));
  if (!engine_first) status.Update(MeasureEngine(subject, load, result));
  return status;
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
    result.engine_operations = EngineOperations(config, **graph, load.what.lengths);
    result.floor_operations = FloorOperations(config, load.packed.tokens());
    for (Subject& subject : subjects) subject.result.cases.push_back(result);
  }
  return absl::OkStatus();
}

// What is done once only, at the first call or at the largest batch so far, is not measured.
absl::Status WarmUp(const std::vector<Load>& loads, std::vector<Subject>& subjects) {
  const auto largest = std::max_element(
      loads.begin(), loads.end(),
      [](const Load& a, const Load& b) { return a.packed.tokens() < b.packed.tokens(); });
  absl::Status status;
  for (Subject& subject : subjects) {
    CaseResult ignored;
    status.Update(MeasureOnce(subject, *largest, /*engine_first=*/true, ignored));
  }
  return status;
}

}  // namespace

absl::Status Measure(const MeasureOptions& options, std::vector<Subject>& subjects,
                     std::ostream& log) {
  const std::vector<Load> loads = MakeLoads(options.cases, subjects.front().engine->config(), log);
  if (loads.empty()) return absl::OkStatus();
  absl::Status status = PrepareResults(loads, subjects);
  status.Update(WarmUp(loads, subjects));
  for (int repetition = 0; repetition < options.repetitions; ++repetition) {
    for (size_t i = 0; i < loads.size(); ++i) {
      for (Subject& subject : subjects) {
        if (!status.ok()) return status;
        status = MeasureOnce(subject, loads[i], repetition % 2 == 0, subject.result.cases[i]);
      }
    }
    log << "repetition " << repetition + 1 << " of " << options.repetitions << " done" << std::endl;
  }
  for (size_t i = 0; i < loads.size(); ++i) {
    for (Subject& subject : subjects) {
      if (!status.ok()) return status;
      status = MeasureParts(*subject.engine, loads[i].packed, options.threads,
                            subject.result.cases[i].parts);
    }
  }
  return status;
}

}  // namespace diffuser::bench
