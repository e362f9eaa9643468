#include "model/training/report/metrics_csv.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/file_writer.h"
#include "model/checkpoint/mapped_file.h"

namespace diffuser::training {
namespace {

constexpr absl::string_view kHeader =
    "step,epoch,tokens,seconds,learning_rate,train_loss,eval_loss,micro_f1,macro_f1,exact_match,"
    "tokens_per_second";
constexpr size_t kColumns = 11;

// The columns that may be empty, in the file's order after step, epoch, tokens and seconds.
constexpr std::array kMeasured = {&MetricsRow::learning_rate,    &MetricsRow::train_loss,
                                  &MetricsRow::eval_loss,        &MetricsRow::micro_f1,
                                  &MetricsRow::macro_f1,         &MetricsRow::exact_match,
                                  &MetricsRow::tokens_per_second};

// The shortest text that reads back as the same number.
std::string Number(double value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return std::string(buffer.data(), end);
}

std::string Line(const MetricsRow& row) {
  std::string line =
      absl::StrCat(row.step, ",", Number(row.epoch), ",", row.tokens, ",", Number(row.seconds));
  for (const auto cell : kMeasured) {
    line += ",";
    if ((row.*cell).has_value()) line += Number(*(row.*cell));
  }
  return line + "\n";
}

bool ParseRow(absl::string_view line, MetricsRow& row) {
  const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  if (cells.size() != kColumns) return false;
  bool good = absl::SimpleAtoi(cells[0], &row.step) && absl::SimpleAtod(cells[1], &row.epoch) &&
              absl::SimpleAtoi(cells[2], &row.tokens) && absl::SimpleAtod(cells[3], &row.seconds);
  for (size_t i = 0; i < kMeasured.size() && good; ++i) {
    const absl::string_view cell = cells[kColumns - kMeasured.size() + i];
    if (cell.empty()) continue;
    good = absl::SimpleAtod(cell, &(row.*kMeasured[i]).emplace());
  }
  return good;
}

// What stands after the last line break was cut short, and is no row.
absl::StatusOr<std::vector<MetricsRow>> ParseRows(const std::string& path, absl::string_view text,
                                                  int64_t last_step) {
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  lines.pop_back();
  std::vector<MetricsRow> rows;
  for (size_t i = 0; i < lines.size(); ++i) {
    MetricsRow row;
    const bool is_good = i == 0 ? lines[i] == kHeader : ParseRow(lines[i], row);
    if (!is_good) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ":", i + 1, ": is no ", i == 0 ? "header" : "row", " of metrics"));
    }
    if (i > 0 && row.step <= last_step) rows.push_back(row);
  }
  return rows;
}

}  // namespace

absl::StatusOr<MetricsCsv> MetricsCsv::Open(std::string path, int64_t last_step) {
  std::vector<MetricsRow> rows;
  const absl::StatusOr<checkpoint::MappedFile> file = checkpoint::MappedFile::Open(path);
  if (!file.ok() && !absl::IsNotFound(file.status())) return file.status();
  if (file.ok() && last_step > 0) {
    absl::StatusOr<std::vector<MetricsRow>> kept =
        ParseRows(path, checkpoint::AsText(file->bytes()), last_step);
    if (!kept.ok()) return kept.status();
    rows = *std::move(kept);
  }
  std::string whole = absl::StrCat(kHeader, "\n");
  for (const MetricsRow& row : rows) whole += Line(row);
  if (auto status = checkpoint::WriteFileAtomically(path, whole); !status.ok()) return status;
  return MetricsCsv(std::move(path), std::move(rows), static_cast<int64_t>(whole.size()));
}

absl::Status MetricsCsv::Append(const MetricsRow& row) {
  const std::string line = Line(row);
  errno = 0;
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  file << line << std::flush;
  if (!file) {
    const int error = errno != 0 ? errno : EIO;
    std::error_code ignored;  // half a row would spoil the next one
    std::filesystem::resize_file(path_, bytes_, ignored);
    return absl::ErrnoToStatus(error, absl::StrCat(path_, ": cannot be written to"));
  }
  bytes_ += static_cast<int64_t>(line.size());
  rows_.push_back(row);
  return absl::OkStatus();
}

}  // namespace diffuser::training
