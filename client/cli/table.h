#ifndef DIFFUSER_CLIENT_CLI_TABLE_H_
#define DIFFUSER_CLIENT_CLI_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

namespace diffuser::cli {

struct Column {
  std::string name;
  size_t width =
      0;  // at least that of the name; longer cells push the rest of their row to the right
  bool right = false;
};

// Lines of a table whose rows come one by one. Cells are made printable; a line has no trailing
// space and ends with a newline.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  std::string Header() const;

  // REQUIRES: one cell for each column.
  std::string Row(const std::vector<std::string>& cells) const;

 private:
  std::vector<Column> columns_;
};

// A whole table, header included, each column as wide as its longest cell.
std::string FormatTable(std::vector<Column> columns,
                        const std::vector<std::vector<std::string>>& rows);

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_TABLE_H_
