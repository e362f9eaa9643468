#include "model/checkpoint/fault_list.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace diffuser::checkpoint {
namespace {

TEST(FaultList, IsEmptyAtFirst) {
  const FaultList faults;
  EXPECT_EQ(faults.count(), 0);
  EXPECT_EQ(faults.Lines(), "");
}

TEST(FaultList, ShowsTenAndCountsAll) {
  FaultList faults;
  std::string shown;
  for (int line = 1; line <= 10; ++line) {
    faults.Add(absl::StrCat("a:", line, ": bad"));
    absl::StrAppend(&shown, "\n  a:", line, ": bad");
  }
  EXPECT_EQ(faults.Lines(), shown);
  faults.Add("a:11: bad");
  faults.Add("a:12: bad");
  EXPECT_EQ(faults.count(), 12);
  EXPECT_EQ(faults.Lines(), shown + "\n  and 2 more");
}

}  // namespace
}  // namespace diffuser::checkpoint
