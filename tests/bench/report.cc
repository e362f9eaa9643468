#include "tests/bench/report.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/bench/parts.h"
#include "tests/bench/statistics.h"

namespace diffuser::bench {
namespace {

using Row = std::vector<std::string>;

// Columns as wide as their longest cell; the first aligned left, the others right.
std::string FormatTable(const std::vector<Row>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    absl::StrAppendFormat(&text, "  %-*s", static_cast<int>(widths[0]), row[0]);
    for (size_t i = 1; i < row.size(); ++i) {
      absl::StrAppendFormat(&text, "  %*s", static_cast<int>(widths[i]), row[i]);
    }
    text += '\n';
  }
  return text;
}

std::string Milliseconds(double seconds) { return absl::StrFormat("%.1f", 1e3 * seconds); }

std::string Ratio(const std::vector<double>& a, const std::vector<double>& b) {
  const Summary ratio = Summarize(Ratios(a, b));
  return absl::StrFormat("%.2f (%.2f-%.2f)", ratio.median, ratio.least, ratio.most);
}

Row CaseRow(const CaseResult& result) {
  const double seconds = Median(result.engine);
  const double floor = Median(result.floor);
  return {result.name,
          absl::StrCat(result.tokens),
          Milliseconds(seconds),
          Milliseconds(floor),
          Ratio(result.engine, result.floor),
          Ratio(result.engine, result.needed_floor),
          result.one_by_one.empty() ? "" : Ratio(result.engine, result.one_by_one),
          absl::StrFormat("%.1f", 1e6 * seconds / result.tokens),
          absl::StrFormat("%.0f", 1e-9 * result.engine_operations / seconds),
          absl::StrFormat("%.0f", 1e-9 * result.floor_operations / floor),
          result.peak_bytes.has_value()
              ? absl::StrFormat("%.0f", 1e-6 * static_cast<double>(*result.peak_bytes))
              : ""};
}

std::string FormatParts(const EngineResult& result) {
  Row head = {"ms by part"};
  for (const CaseResult& of_case : result.cases) head.push_back(of_case.name);
  std::vector<Row> rows = {std::move(head)};
  for (const std::string& name : PartNames()) {
    Row row = {name};
    for (const CaseResult& of_case : result.cases) {
      const auto part = of_case.parts.find(name);
      row.push_back(part == of_case.parts.end() ? "" : Milliseconds(part->second));
    }
    rows.push_back(std::move(row));
  }
  return FormatTable(rows);
}

}  // namespace

std::string FormatEngine(const EngineResult& result) {
  std::vector<Row> rows = {{"case", "tokens", "ms", "floor ms", "/ floor", "/ needed floor",
                            "/ one by one", "us/token", "GFLOP/s", "floor's", "peak MB"}};
  for (const CaseResult& of_case : result.cases) rows.push_back(CaseRow(of_case));
  return absl::StrCat(result.checkpoint, ", ", result.precision, " (floor: the linear layers in ",
                      result.floor_precision, ")\n", FormatTable(rows), "\n", FormatParts(result));
}

}  // namespace diffuser::bench
