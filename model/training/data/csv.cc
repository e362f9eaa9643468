#include <csv.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "model/checkpoint/messages.h"
#include "model/training/data/example_collector.h"
#include "model/training/data/readers.h"

namespace diffuser::training {
namespace {

using Cells = std::vector<std::string>;

// Splits a file into rows with libcsv, and knows the line that each row starts at. Fed whole lines,
// as libcsv itself counts none.
class RowSplitter {
 public:
  explicit RowSplitter(char separator) {
    // Strict: a quote within an unquoted field is an error, not a guess. All newlines are reported,
    // which tells whether a line's end was one of a row or stood within quotes.
    csv_init(&parser_, CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL);
    csv_set_delim(&parser_, static_cast<unsigned char>(separator));
    csv_set_space_func(&parser_, [](unsigned char) { return 0; });  // spaces belong to the field
  }
  ~RowSplitter() { csv_free(&parser_); }
  RowSplitter(const RowSplitter&) = delete;
  RowSplitter& operator=(const RowSplitter&) = delete;

  // Calls row(cells, line) for each row that is not blank, and once fault(line, what) where the
  // file stops being CSV.
  template <typename Row, typename Fault>
  void Split(absl::string_view text, const Row& row, const Fault& fault) {
    int64_t row_line = 1;
    for (int64_t line = 1; !text.empty(); ++line) {
      const size_t newline = text.find('\n');
      const size_t size = newline == text.npos ? text.size() : newline + 1;
      const size_t read = csv_parse(&parser_, text.data(), size, &AddCell, &EndRow, this);
      if (read != size) return fault(line, "a quote that neither begins nor ends a field");
      text.remove_prefix(size);
      if (Take(row, row_line)) row_line = line + 1;
    }
    if (csv_fini(&parser_, &AddCell, &EndRow, this) != 0) {
      return fault(row_line, "a quoted field that does not end");
    }
    Take(row, row_line);
  }

 private:
  static void AddCell(void* cell, size_t size, void* self) {
    static_cast<RowSplitter*>(self)->cells_.emplace_back(static_cast<const char*>(cell), size);
  }

  static void EndRow(int, void* self) {
    auto& splitter = *static_cast<RowSplitter*>(self);
    splitter.ended_ = true;
    if (!splitter.cells_.empty()) splitter.rows_.push_back(std::exchange(splitter.cells_, {}));
  }

  // Hands on what has ended since the last call; whether anything has.
  template <typename Row>
  bool Take(const Row& row, int64_t line) {
    for (const Cells& cells : rows_) row(cells, line);
    rows_.clear();
    return std::exchange(ended_, false);
  }

  csv_parser parser_;
  Cells cells_;              // of the row that has not ended
  std::vector<Cells> rows_;  // that have; at most one, except where a bare CR ends rows
  bool ended_ = false;
};

absl::StatusOr<size_t> FindColumn(const Cells& header, const std::string& name,
                                  absl::string_view path) {
  const auto found = std::find(header.begin(), header.end(), name);
  const std::string names = checkpoint::Printable(absl::StrJoin(header, ", "));
  if (found == header.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":1: found no column \"", name, "\" among: ", names));
  }
  if (std::find(found + 1, header.end(), name) != header.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ":1: found more than one column \"", name, "\": ", names));
  }
  return found - header.begin();
}

// Turns rows into examples; the first row names the columns.
class CsvReader {
 public:
  CsvReader(const std::string& path, const ReadOptions& options)
      : path_(path), options_(options), collector_(path, "rows") {
    collector_.set_multi_label(!options.label_separator.empty());
  }

  void Row(const Cells& cells, int64_t line) {
    if (!status_.ok()) return;
    if (columns_ == 0) {
      status_ = ReadHeader(cells);
    } else if (cells.size() != columns_) {
      Fail(line, absl::StrCat("found ", cells.size(), " columns, expected ", columns_));
    } else {
      collector_.Add({cells[text_], Labels(cells[label_]), path_, line});
    }
  }

  void Fail(int64_t line, absl::string_view what) { collector_.Fail(path_, line, what); }

  absl::StatusOr<ExampleFile> Finish() {
    if (!status_.ok()) return status_;
    return std::move(collector_).Finish();
  }

 private:
  absl::Status ReadHeader(const Cells& cells) {
    columns_ = cells.size();
    const absl::StatusOr<size_t> text = FindColumn(cells, options_.text_column, path_);
    if (!text.ok()) return text.status();
    const absl::StatusOr<size_t> label = FindColumn(cells, options_.label_column, path_);
    if (!label.ok()) return label.status();
    text_ = *text;
    label_ = *label;
    return absl::OkStatus();
  }

  std::vector<std::string> Labels(const std::string& cell) const {
    if (options_.label_separator.empty()) return {cell};
    std::vector<std::string> labels;
    if (absl::StripAsciiWhitespace(cell).empty()) return labels;
    for (const absl::string_view part : absl::StrSplit(cell, options_.label_separator)) {
      labels.emplace_back(absl::StripAsciiWhitespace(part));
    }
    return labels;
  }

  const std::string path_;
  const ReadOptions options_;
  ExampleCollector collector_;
  absl::Status status_;
  size_t columns_ = 0;  // 0: the header is yet to come
  size_t text_ = 0;
  size_t label_ = 0;
};

}  // namespace

absl::StatusOr<ExampleFile> ReadCsv(const std::string& path, absl::string_view text, char separator,
                                    const ReadOptions& options) {
  CsvReader reader(path, options);
  RowSplitter(separator).Split(
      text, [&](const Cells& cells, int64_t line) { reader.Row(cells, line); },
      [&](int64_t line, absl::string_view what) { reader.Fail(line, what); });
  return reader.Finish();
}

}  // namespace diffuser::training
