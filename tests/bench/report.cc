#include "tests/bench/report.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/parts.h"
#include "tests/bench/requirements.h"
#include "tests/bench/statistics.h"
#include "tests/bench/table.h"

namespace diffuser::bench {
namespace {

std::string Milliseconds(double seconds) { return absl::StrFormat("%.1f", 1e3 * seconds); }

std::string FormatRatio(const Summary& ratio) {
  return absl::StrFormat("%.2f (%.2f-%.2f)", ratio.median, ratio.least, ratio.most);
}

std::string FormatRatio(const std::vector<double>& a, const std::vector<double>& b) {
  return b.empty() ? "" : FormatRatio(Summarize(Ratios(a, b)));
}

TableRow CaseRow(const CaseResult& result) {
  const double seconds = Median(result.engine);
  const double floor = Median(result.floor);
  return {result.name,
          absl::StrCat(result.tokens),
          Milliseconds(seconds),
          Milliseconds(floor),
          FormatRatio(result.engine, result.floor),
          result.work.empty() ? FormatRatio(result.engine_cpu, result.floor_cpu) : "",
          FormatRatio(result.engine, result.needed_floor),
          FormatRatio(result.engine, result.one_by_one),
          absl::StrFormat("%.1f", 1e6 * seconds / result.tokens),
          absl::StrFormat("%.0f", 1e-9 * result.engine_operations / seconds),
          absl::StrFormat("%.0f", 1e-9 * result.floor_operations / floor),
          result.peak_bytes.has_value()
              ? absl::StrFormat("%.0f", 1e-6 * static_cast<double>(*result.peak_bytes))
              : ""};
}

// Those of the CPU's engine in their order, then the others that there are.
std::vector<std::string> PartsOf(const EngineResult& result) {
  std::set<std::string> left;
  for (const CaseResult& of_case : result.cases) {
    for (const auto& [name, seconds] : of_case.parts) left.insert(name);
  }
  std::vector<std::string> names;
  for (const std::string& name : PartNames()) {
    if (left.erase(name) > 0) names.push_back(name);
  }
  names.insert(names.end(), left.begin(), left.end());
  return names;
}

// A row for each part and a column for each case; `format` gives the cell of a case that has the
// part, from its name and seconds.
template <typename Format>
std::string FormatByPart(const std::string& title, const EngineResult& result, Format format) {
  TableRow head = {title};
  for (const CaseResult& of_case : result.cases) head.push_back(of_case.name);
  std::vector<TableRow> rows = {std::move(head)};
  for (const std::string& name : PartsOf(result)) {
    TableRow row = {name};
    for (const CaseResult& of_case : result.cases) {
      const auto part = of_case.parts.find(name);
      row.push_back(part == of_case.parts.end() ? "" : format(of_case, name, part->second));
    }
    rows.push_back(std::move(row));
  }
  return FormatTable(rows);
}

std::string FormatParts(const EngineResult& result) {
  return FormatByPart("ms by part", result,
                      [](const CaseResult& of_case, const std::string&, double seconds) {
                        // A device's are short.
                        return of_case.work.empty() ? Milliseconds(seconds)
                                                    : absl::StrFormat("%.3f", 1e3 * seconds);
                      });
}

// Of a device's parts; empty for a CPU's.
std::string FormatRates(const EngineResult& result) {
  const auto has_work = [](const CaseResult& of_case) { return !of_case.work.empty(); };
  if (std::none_of(result.cases.begin(), result.cases.end(), has_work)) return "";
  const auto format = [](const CaseResult& of_case, const std::string& name, double seconds) {
    const auto work = of_case.work.find(name);
    if (work == of_case.work.end()) return std::string();
    const std::string bandwidth = absl::StrFormat("%.0f", 1e-9 * work->second.bytes / seconds);
    if (work->second.operations == 0) return bandwidth;
    return absl::StrFormat("%.0f; %s", 1e-9 * work->second.operations / seconds, bandwidth);
  };
  return absl::StrCat("\n", FormatByPart("GFLOP/s; GB/s", result, format));
}

std::string FormatReached(const Requirement& requirement) {
  if (!requirement.reached.has_value()) return "";
  if (requirement.unit == "MB") return absl::StrFormat("%.0f MB", requirement.reached->median);
  const std::string ratio = FormatRatio(*requirement.reached);
  return requirement.unit.empty() ? ratio : absl::StrCat(ratio, " ", requirement.unit);
}

std::string FormatLimit(double limit, const std::string& unit) {
  if (unit == "MB") return absl::StrFormat("%.0f MB", limit);
  return unit.empty() ? absl::StrFormat("%.2f", limit) : absl::StrFormat("%.1f %s", limit, unit);
}

}  // namespace

std::string FormatEngine(const EngineResult& result) {
  std::vector<TableRow> rows = {{"case", "tokens", "ms", "floor ms", "/ floor", "in CPU time",
                                 "/ needed floor", "/ one by one", "us/token", "GFLOP/s",
                                 "floor GFLOP/s", "peak MB"}};
  for (const CaseResult& of_case : result.cases) rows.push_back(CaseRow(of_case));
  std::string title = absl::StrCat(result.checkpoint, ", ", result.precision,
                                   "; floor: the linear layers in ", result.floor_precision);
  if (!result.start_up.empty()) {
    absl::StrAppendFormat(&title, "; process start to first answer: %.2f s",
                          Median(result.start_up));
  }
  if (result.device_bytes.has_value()) {
    absl::StrAppendFormat(&title, "; %.0f MB of the device in use",
                          1e-6 * static_cast<double>(*result.device_bytes));
  }
  return absl::StrCat(title, "\n", FormatTable(rows), "\n", FormatParts(result),
                      FormatRates(result));
}

std::string FormatRequirements(const RunResult& run) {
  std::vector<TableRow> rows = {{"base shape", "precision", "must", "aim", "reached", ""}};
  for (const Requirement& requirement : CheckRequirements(run)) {
    rows.push_back({requirement.what, requirement.precision,
                    FormatLimit(requirement.must, requirement.unit),
                    FormatLimit(requirement.aim, requirement.unit), FormatReached(requirement),
                    Verdict(requirement)});
  }
  const bool any = std::any_of(rows.begin() + 1, rows.end(),
                               [](const TableRow& row) { return !row[4].empty(); });
  return any ? FormatTable(rows, /*left=*/2) : "";
}

std::string Legend() {
  return R"(floor: all layers' linear layers over all tokens, alone. needed floor: without those of the last
layer that the engine runs for one token a document. Ratios are the median (least-most) of the
repetitions'; that in CPU time counts no idle thread, and other processes disturb it less. GFLOP/s
count the engine's linear layers and the products that the graph's edges need. peak MB is memory
above the loaded weights. Parts are wall time, of a run of their own; all but the last layer, which
the others count too, add up to the whole. On a device, the engine's seconds are the caller's, and
the floor's and the parts' the device's; the floor has no activations; memory is the host's; GB/s
count what a part reads and writes at least, whatever its layout.
)";
}

}  // namespace diffuser::bench
