#ifndef DIFFUSER_MODEL_TRAINING_REPORT_METRICS_CSV_H_
#define DIFFUSER_MODEL_TRAINING_REPORT_METRICS_CSV_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace diffuser::training {

// What is known of a training run after `step` steps. What was not measured then is left out: an
// empty cell.
struct MetricsRow {
  int64_t step = 0;
  double epoch = 0;
  int64_t tokens = 0;  // trained on since the first step
  double seconds = 0;  // spent training since the first step
  std::optional<double> learning_rate = std::nullopt;
  std::optional<double> train_loss = std::nullopt;
  std::optional<double> eval_loss = std::nullopt;
  std::optional<double> micro_f1 = std::nullopt;
  std::optional<double> macro_f1 = std::nullopt;
  std::optional<double> exact_match = std::nullopt;
  std::optional<double> tokens_per_second = std::nullopt;

  friend bool operator==(const MetricsRow&, const MetricsRow&) = default;
};

// The file that the rows of a run are appended to: a line of column names, then a line a row. Not
// thread-safe.
//
//   auto csv = MetricsCsv::Open("out/metrics.csv", /*last_step=*/0);  // begins anew
//   if (auto status = csv->Append({.step = 10, .train_loss = 0.7}); !status.ok()) return status;
//   DrawCurves(csv->rows());
class MetricsCsv {
 public:
  // Begins the file anew (`last_step` 0), or keeps the rows up to `last_step` of the one that is
  // there and drops the later ones: a run that is resumed at a step computes them again. A last
  // line that a crash cut short is dropped too. Rewrites the file as a whole or not at all. Errors:
  // INVALID_ARGUMENT (what is to be kept is no such file; says the line), those of reading and
  // writing (RESOURCE_EXHAUSTED: disk full).
  static absl::StatusOr<MetricsCsv> Open(std::string path, int64_t last_step);

  // Writes a row through to the file. REQUIRES: row.step is not below the last one's.
  // Errors: RESOURCE_EXHAUSTED (disk full), or what errno says; the row is neither in the file nor
  // in rows() then.
  absl::Status Append(const MetricsRow& row);

  const std::vector<MetricsRow>& rows() const { return rows_; }

 private:
  MetricsCsv(std::string path, std::vector<MetricsRow> rows, int64_t bytes)
      : path_(std::move(path)), rows_(std::move(rows)), bytes_(bytes) {}

  std::string path_;
  std::vector<MetricsRow> rows_;
  int64_t bytes_;  // of the file
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_REPORT_METRICS_CSV_H_
