#include "client/cli/table.h"

#include <algorithm>
#include <utility>

#include "client/cli/text.h"

namespace diffuser::cli {

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (Column& column : columns_) column.width = std::max(column.width, DisplayWidth(column.name));
}

std::string Table::Header() const {
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name);
  return Row(names);
}

std::string Table::Row(const std::vector<std::string>& cells) const {
  std::string line;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const std::string cell = Printable(cells[i]);
    const size_t width = DisplayWidth(cell);
    const std::string padding(columns_[i].width - std::min(width, columns_[i].width), ' ');
    if (i != 0) line += "  ";
    line += columns_[i].right ? padding + cell : cell + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string FormatTable(std::vector<Column> columns,
                        const std::vector<std::vector<std::string>>& rows) {
  for (size_t i = 0; i < columns.size(); ++i) {
    for (const auto& row : rows) {
      columns[i].width = std::max(columns[i].width, DisplayWidth(Printable(row[i])));
    }
  }
  const Table table(std::move(columns));
  std::string text = table.Header();
  for (const auto& row : rows) text += table.Row(row);
  return text;
}

}  // namespace diffuser::cli
