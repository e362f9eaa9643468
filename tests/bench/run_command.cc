#include "tests/bench/run_command.h"

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "model/checkpoint/config.h"
#include "model/checkpoint/file_writer.h"
#include "server/config/build_info.h"
#include "tests/bench/base_checkpoint.h"
#include "tests/bench/history.h"
#include "tests/bench/machine.h"
#include "tests/bench/measure.h"
#include "tests/bench/probe.h"
#include "tests/bench/report.h"
#include "tests/bench/results_json.h"
#include "tests/bench/selection.h"

namespace diffuser::bench {
namespace {

constexpr char kBase[] = "base";
constexpr char kCpu[] = "cpu";

// What was asked for, checked.
struct Plan {
  std::string device;  // "cpu" or "cuda:N"
  std::vector<NamedPrecision> precisions;
  MeasureOptions measure;
  std::string isa;

  // Of the largest case.
  int max_batch_tokens() const {
    int most = 1;
    for (const Case& each : measure.cases) most = std::max(most, each.tokens());
    return most;
  }
};

absl::StatusOr<std::string> FindDevice(const std::string& asked) {
  auto devices = model::FindDevices(asked, /*on_fallback=*/nullptr);
  if (!devices.ok()) return devices.status();
  if (devices->size() == 1) return devices->front();
  return absl::InvalidArgumentError(
      absl::StrCat("--device=", asked, ": ", devices->size(), " devices; expected one"));
}

absl::StatusOr<std::vector<Case>> ChooseCases(const std::vector<std::string>& asked,
                                              const std::string& device) {
  auto cases = Select(AllCases(), asked, "case");
  if (cases.ok() && asked.empty() && device == kCpu) {
    std::erase_if(*cases, [](const Case& each) { return each.for_devices; });
  }
  return cases;
}

absl::StatusOr<Plan> MakePlan(const RunOptions& options) {
  auto device = FindDevice(options.device);
  if (!device.ok()) return device.status();
  auto precisions = Select(AllPrecisions(), options.precisions, "precision");
  if (!precisions.ok()) return precisions.status();
  auto cases = ChooseCases(options.cases, *device);
  if (!cases.ok()) return cases.status();
  for (const std::string& model : options.models) {
    if (model == kBase) continue;
    if (const auto config = checkpoint::ReadConfig(model + "/config.json"); !config.ok()) {
      return config.status();
    }
  }
  for (const std::string& path : {options.json, options.history}) {
    if (path.empty()) continue;
    if (absl::Status status = CheckWritable(path); !status.ok()) return status;
  }
  return Plan{.device = *std::move(device),
              .precisions = *std::move(precisions),
              .measure = {.cases = *std::move(cases),
                          .repetitions = options.repetitions,
                          .threads = options.threads > 0 ? options.threads : UsableCores()},
              .isa = options.isa};
}

absl::StatusOr<std::string> FindCheckpoint(const std::string& model, const std::string& cache,
                                           std::ostream& log) {
  if (model != kBase) return model;
  const std::string dir = absl::StrCat(cache, "/", kBase);
  log << kBase << ": random weights of the published base shape, in " << dir << std::endl;
  const absl::Status status = MakeRandomCheckpoint(dir, BaseConfig());
  if (!status.ok()) return status;
  return dir;
}

// Says to `log` what the engine computes with instead of what was hoped for. `parts` is null on the
// CPU.
model::LoadOptions EngineOptions(const Plan& plan, model::Precision precision,
                                 const std::shared_ptr<DeviceParts>& parts, std::ostream& log) {
  model::LoadOptions options{.device = plan.device,
                             .precision = precision,
                             .compute_threads = plan.measure.threads,
                             .max_batch_tokens = plan.max_batch_tokens()};
  options.on_fallback = [&log](const model::Fallback& fallback) {
    log << fallback.reason << ": " << fallback.details << std::endl;
  };
  if (parts != nullptr) {
    options.on_device_part = [parts](std::string_view part, double seconds) {
      parts->Add(part, seconds);
    };
  }
  return options;
}

absl::StatusOr<Subject> MakeSubject(const std::string& dir, const NamedPrecision& precision,
                                    const Plan& plan, bool reuse_floor_memory, std::ostream& log) {
  auto parts = plan.device == kCpu ? nullptr : std::make_shared<DeviceParts>();
  auto engine = model::Classifier::Load(dir, EngineOptions(plan, precision.precision, parts, log));
  if (!engine.ok()) return engine.status();
  const model::Precision of_floor = Floor::PrecisionFor(precision.precision, plan.device);
  auto floor = Floor::Make((*engine)->config(), {.device = plan.device,
                                                 .precision = of_floor,
                                                 .threads = plan.measure.threads,
                                                 .reuse_memory = reuse_floor_memory});
  if (!floor.ok()) return floor.status();
  EngineResult result{.precision = precision.name,
                      .floor_precision = model::PrecisionName(of_floor),
                      .weight_bytes = (*engine)->weight_bytes()};
  if (const auto memory = (*engine)->device_memory()) result.device_bytes = memory->used;
  return Subject{*std::move(engine), *std::move(floor), std::move(result), std::move(parts)};
}

// Start-up and memory, each in processes of their own.
absl::Status MeasureProbes(const std::string& dir, const Plan& plan, Subject& subject) {
  constexpr int kStarts = 3;
  constexpr int kFirstTokens = 16;  // of the document that the first answer is for
  ProbeOptions options{.model = dir,
                       .device = plan.device,
                       .precision = subject.result.precision,
                       .threads = plan.measure.threads,
                       .lengths = {kFirstTokens},
                       .isa = plan.isa};
  for (int i = 0; i < kStarts; ++i) {
    const auto probe = Probe(options);
    if (!probe.ok()) return probe.status();
    subject.result.start_up.push_back(probe->start_up);
  }
  for (const Case& all : plan.measure.cases) {
    options.lengths = Fit(all, subject.engine->config()).lengths;
    if (options.lengths.empty()) continue;
    const auto probe = Probe(options);
    if (!probe.ok()) return probe.status();
    for (CaseResult& of_case : subject.result.cases) {
      if (of_case.name == all.name) of_case.peak_bytes = probe->peak_bytes;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<EngineResult>> RunModel(const RunOptions& options, const Plan& plan,
                                                   const std::string& model, std::ostream& log) {
  const auto dir = FindCheckpoint(model, options.cache, log);
  if (!dir.ok()) return dir.status();
  std::vector<Subject> subjects;
  for (const NamedPrecision& precision : plan.precisions) {
    auto subject = MakeSubject(*dir, precision, plan, !options.fresh_floor_memory, log);
    if (absl::IsFailedPrecondition(subject.status())) {
      log << precision.name << ": left out: " << subject.status().message() << std::endl;
      continue;
    }
    if (!subject.ok()) return subject.status();
    subject->result.checkpoint = model;
    subjects.push_back(*std::move(subject));
  }
  std::vector<EngineResult> results;
  if (subjects.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(plan.device, " has none of the precisions that were asked for"));
  }
  absl::Status status = Measure(plan.measure, subjects, log);
  for (Subject& subject : subjects) {
    if (status.ok() && !options.no_probes) status = MeasureProbes(*dir, plan, subject);
    if (!status.ok()) return status;
    results.push_back(std::move(subject.result));
  }
  return results;
}

absl::Status WriteFiles(const RunOptions& options, const RunResult& run) {
  if (!options.json.empty()) {
    const std::string text = ToJson(run).dump(/*indent=*/2) + "\n";
    const absl::Status status = checkpoint::WriteFileAtomically(options.json, text);
    if (!status.ok()) return status;
  }
  return options.history.empty() ? absl::OkStatus() : AppendToHistory(options.history, run);
}

}  // namespace

absl::Status RunBenchmark(const RunOptions& options, absl::Time now, std::ostream& out,
                          std::ostream& log) {
  const auto plan = MakePlan(options);
  if (!plan.ok()) return plan.status();
  if (absl::Status limit = LimitIsa(options.isa); !limit.ok()) return limit;
  RunResult run{.date = absl::FormatTime(absl::RFC3339_sec, now, absl::UTCTimeZone()),
                .revision = std::string(config::GetBuildInfo().revision),
                .machine = ThisMachine(plan->measure.threads, options.isa),
                .reused_floor_memory = !options.fresh_floor_memory};
  run.machine.device = DescribeDevice(plan->device);
  out << (plan->device == kCpu ? "" : absl::StrCat(run.machine.device, "; "))
      << run.machine.processor << " (" << run.machine.isa << "), " << run.machine.cores
      << " cores, " << run.machine.threads << " threads; revision " << run.revision << "; "
      << run.date << (run.reused_floor_memory ? "" : "; the floor takes fresh memory") << "\n\n";
  for (const std::string& model : options.models) {
    auto results = RunModel(options, *plan, model, log);
    if (!results.ok()) return results.status();
    for (EngineResult& result : *results) {
      out << FormatEngine(result) << std::endl;
      run.engines.push_back(std::move(result));
    }
  }
  out << Legend() << "\n" << FormatRequirements(run);
  return WriteFiles(options, run);
}

}  // namespace diffuser::bench
