#include "client/cli/table.h"

#include <gtest/gtest.h>

namespace diffuser::cli {
namespace {

TEST(Table, AlignsColumnsByCodePoints) {
  EXPECT_EQ(FormatTable({{"NAME"}, {"SCORE", 0, true}}, {{"Zürich", "1"}, {"Rome", "12.5000"}}),
            "NAME      SCORE\n"
            "Zürich        1\n"
            "Rome    12.5000\n");
}

TEST(Table, LetsALongCellPushItsRow) {
  const Table table({{"A", 3}, {"B"}});
  EXPECT_EQ(table.Header(), "A    B\n");
  EXPECT_EQ(table.Row({"longer", "x"}), "longer  x\n");
}

TEST(Table, EndsNoLineInSpaces) { EXPECT_EQ(Table({{"A", 8}, {"B", 8}}).Row({"x", ""}), "x\n"); }

TEST(Table, MakesCellsPrintable) {
  EXPECT_EQ(FormatTable({{"A"}, {"B"}}, {{"a\nb\x1b", "c"}}), "A     B\na b   c\n");
}

}  // namespace
}  // namespace diffuser::cli
