#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_TABLE_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

namespace diffuser::training {

// Names in the first column, numbers in the others. Cells are UTF-8 of any kind.
struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // each as long as the header
};

// In columns as wide as their longest cell: names to the left, numbers to the right. Each line ends
// with a newline.
std::string TableAsText(const Table& table);
std::string TableAsMarkdown(const Table& table);

// So that Markdown shows the text as it is, on one line: its signs escaped, line breaks and other
// control characters as spaces.
std::string EscapeMarkdown(std::string_view text);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_TABLE_H_
