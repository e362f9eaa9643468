#include "model/training/evaluation/table.h"

#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

TEST(TableAsText, AlignsNamesLeftAndNumbersRight) {
  EXPECT_EQ(TableAsText({.header = {"label", "F1"}, .rows = {{"MIT", "0.5"}, {"Zürich", "12.25"}}}),
            "label      F1\n"
            "MIT       0.5\n"
            "Zürich  12.25\n");
}

TEST(TableAsMarkdown, KeepsItsColumnsWhateverTheCellsHold) {
  EXPECT_EQ(TableAsMarkdown({.header = {"label", "F1"}, .rows = {{"a|b\nc", "1"}}}),
            "| label | F1 |\n|---|--:|\n| a\\|b c | 1 |\n");
}

TEST(EscapeMarkdown, EscapesItsSigns) {
  EXPECT_EQ(EscapeMarkdown("<b>*x_y* [z](u) `c` #1"), "\\<b\\>\\*x\\_y\\* \\[z\\](u) \\`c\\` \\#1");
}

}  // namespace
}  // namespace diffuser::training
