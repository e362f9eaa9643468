#include "tests/bench/run_command.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/bench/base_checkpoint.h"
#include "tests/bench/measure.h"
#include "tests/bench/report.h"

namespace diffuser::bench {
namespace {

// Those of `all` with the names in `asked`; all where none is asked for.
template <typename Named>
absl::StatusOr<std::vector<Named>> Select(const std::vector<Named>& all,
                                          const std::vector<std::string>& asked,
                                          absl::string_view what) {
  if (asked.empty()) return all;
  std::vector<Named> selected;
  for (const std::string& name : asked) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Named& named) { return named.name == name; });
    if (found == all.end()) {
      const auto append = [](std::string* out, const Named& named) { *out += named.name; };
      return absl::InvalidArgumentError(absl::StrCat("unknown ", what, " '", name, "'; expected ",
                                                     absl::StrJoin(all, ", ", append)));
    }
    selected.push_back(*found);
  }
  return selected;
}

absl::StatusOr<std::string> FindCheckpoint(const std::string& model, const std::string& cache) {
  if (model != "base") return model;
  const std::string dir = cache + "/base";
  const absl::Status status = MakeRandomCheckpoint(dir, BaseConfig());
  if (!status.ok()) return status;
  return dir;
}

std::string NameOf(model::Precision precision) {
  for (const NamedPrecision& named : AllPrecisions()) {
    if (named.precision == precision) return named.name;
  }
  return "auto";
}

absl::StatusOr<Subject> MakeSubject(const std::string& dir, const NamedPrecision& precision,
                                    int threads) {
  auto engine =
      model::Classifier::Load(dir, {.precision = precision.precision, .compute_threads = threads});
  if (!engine.ok()) return engine.status();
  const model::Precision of_floor = Floor::PrecisionFor(precision.precision);
  auto floor = Floor::Make((*engine)->config(), of_floor, threads);
  if (!floor.ok()) return floor.status();
  EngineResult result{.precision = precision.name,
                      .floor_precision = NameOf(of_floor),
                      .weight_bytes = (*engine)->weight_bytes()};
  return Subject{*std::move(engine), *std::move(floor), std::move(result)};
}

}  // namespace

absl::Status RunBenchmark(const RunOptions& options, std::ostream& out, std::ostream& log) {
  const auto precisions = Select(AllPrecisions(), options.precisions, "precision");
  if (!precisions.ok()) return precisions.status();
  const auto cases = Select(AllCases(), options.cases, "case");
  if (!cases.ok()) return cases.status();
  const int threads = options.threads > 0
                          ? options.threads
                          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (const std::string& model : options.models) {
    const auto dir = FindCheckpoint(model, options.cache);
    if (!dir.ok()) return dir.status();
    std::vector<Subject> subjects;
    for (const NamedPrecision& precision : *precisions) {
      auto subject = MakeSubject(*dir, precision, threads);
      if (absl::IsFailedPrecondition(subject.status())) {
        log << model << ", " << precision.name << ": left out: " << subject.status().message()
            << "\n";
        continue;
      }
      if (!subject.ok()) return subject.status();
      subject->result.checkpoint = model;
      subjects.push_back(*std::move(subject));
    }
    if (subjects.empty()) continue;
    const absl::Status status = Measure(
        {.cases = *cases, .repetitions = options.repetitions, .threads = threads}, subjects, log);
    if (!status.ok()) return status;
    for (const Subject& subject : subjects) out << FormatEngine(subject.result) << "\n";
  }
  return absl::OkStatus();
}

}  // namespace diffuser::bench
