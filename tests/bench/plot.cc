#include <algorithm>

#include "absl/strings/str_cat.h"
#include "model/training/report/panel.h"
#include "tests/bench/history.h"
#include "tests/bench/statistics.h"

namespace diffuser::bench {
namespace {

using training::Curve;
using training::Panel;

bool IsComparable(const RunResult& a, const RunResult& b) {
  return a.machine.processor == b.machine.processor && a.machine.threads == b.machine.threads &&
         a.machine.isa == b.machine.isa && a.machine.device == b.machine.device &&
         a.reused_floor_memory == b.reused_floor_memory;
}

// The runs' ratios to the floor of one case; x is the run's number, from 1.
Curve DrawCase(const std::vector<RunResult>& runs, const EngineResult& which,
               const std::string& name) {
  Curve curve{.name = name, .points = {}};
  for (size_t i = 0; i < runs.size(); ++i) {
    const EngineResult* engine = FindEngine(runs[i], which.checkpoint, which.precision);
    const CaseResult* result = engine == nullptr ? nullptr : FindCase(*engine, name);
    if (result == nullptr) continue;
    curve.points.push_back(
        {static_cast<double>(i + 1), Median(Ratios(result->engine, result->floor))});
  }
  return curve;
}

// "runs from 2026-01-31 to 2026-02-28".
std::string DescribeRuns(const std::vector<RunResult>& runs) {
  const auto day = [](const RunResult& run) { return run.date.substr(0, 10); };
  return absl::StrCat("runs from ", day(runs.front()), " to ", day(runs.back()));
}

Panel DrawEngine(const std::vector<RunResult>& runs, const EngineResult& which) {
  Panel panel{.title = absl::StrCat(which.checkpoint, ", ", which.precision, " / ",
                                    which.floor_precision, " linear layers alone"),
              .x_name = DescribeRuns(runs),
              .x_low = 1,
              .x_high = std::max(2.0, static_cast<double>(runs.size())),
              .curves = {}};
  for (const char* name : {"512", "4096", "mixed", "64x64"}) {
    panel.curves.push_back(DrawCase(runs, which, name));
  }
  return panel;
}

// The first of every checkpoint and precision, in the order in which they came.
std::vector<EngineResult> DistinctEngines(const std::vector<RunResult>& runs) {
  std::vector<EngineResult> engines;
  for (const RunResult& run : runs) {
    for (const EngineResult& engine : run.engines) {
      const auto is_same = [&](const EngineResult& other) {
        return other.checkpoint == engine.checkpoint && other.precision == engine.precision;
      };
      if (std::none_of(engines.begin(), engines.end(), is_same)) engines.push_back(engine);
    }
  }
  return engines;
}

}  // namespace

std::string PlotHistory(const std::vector<RunResult>& runs) {
  std::vector<RunResult> comparable;
  for (const RunResult& run : runs) {
    if (IsComparable(run, runs.back())) comparable.push_back(run);
  }
  std::vector<Panel> panels;
  for (const EngineResult& engine : DistinctEngines(comparable)) {
    panels.push_back(DrawEngine(comparable, engine));
  }
  return training::DrawPanels("Seconds of the engine as a multiple of its linear layers', by run",
                              panels);
}

}  // namespace diffuser::bench
