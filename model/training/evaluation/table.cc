#include "model/training/evaluation/table.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace diffuser::training {
namespace {

std::string OnOneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return line;
}

// Characters, each counted as one column: bytes that don't continue one.
size_t Width(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = OnOneLine(cells[i]);
    const std::string padding(widths[i] - Width(cell), ' ');
    absl::StrAppend(&line, i == 0 ? cell : "  " + padding, i == 0 ? padding : cell);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string MarkdownLine(const std::vector<std::string>& cells) {
  return absl::StrCat("| ",
                      absl::StrJoin(cells, " | ",
                                    [](std::string* out, const std::string& cell) {
                                      out->append(EscapeMarkdown(cell));
                                    }),
                      " |\n");
}

}  // namespace

std::string TableAsText(const Table& table) {
  std::vector<size_t> widths;
  for (size_t i = 0; i < table.header.size(); ++i) {
    widths.push_back(Width(table.header[i]));
    for (const auto& row : table.rows) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text = Line(table.header, widths);
  for (const auto& row : table.rows) text += Line(row, widths);
  return text;
}

std::string TableAsMarkdown(const Table& table) {
  std::string text = MarkdownLine(table.header);
  for (size_t i = 0; i < table.header.size(); ++i) text += i == 0 ? "|---|" : "--:|";
  text += "\n";
  for (const auto& row : table.rows) text += MarkdownLine(row);
  return text;
}

std::string EscapeMarkdown(std::string_view text) {
  static constexpr std::string_view kSigns = "\\`*_[]<>|~#&$";
  std::string escaped;
  for (const char c : OnOneLine(text)) {
    if (kSigns.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace diffuser::training
