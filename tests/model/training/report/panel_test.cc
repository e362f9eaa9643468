#include "model/training/report/panel.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The plane is 760 wide from 70 and 215 high from 40.
TEST(DrawPanels, BeginsTheXAxisWhereItIsTold) {
  const std::string svg = DrawPanels("runs", {{.title = "Ratio",
                                               .x_name = "runs",
                                               .x_low = 1,
                                               .x_high = 3,
                                               .curves = {{"a", {{1, 0}, {2, 1}, {3, 0}}}}}});
  EXPECT_THAT(svg, HasSubstr("points=\"70.0,255.0 450.0,40.0 830.0,255.0\""));
  EXPECT_THAT(svg, HasSubstr(">a 0<"));
  EXPECT_THAT(svg, HasSubstr(">runs<"));
}

TEST(DrawPanels, StacksAnyNumberOfPanels) {
  const Panel panel{.title = "Ratio", .x_name = "runs", .x_high = 1, .curves = {{"a", {{0, 1}}}}};
  EXPECT_THAT(DrawPanels("", {panel}), HasSubstr("viewBox=\"0 0 860 300\""));
  EXPECT_THAT(DrawPanels("", {panel, panel, panel}), HasSubstr("viewBox=\"0 0 860 900\""));
}

TEST(DrawPanels, TakesNamesForTextNotForMarkup) {
  const std::string svg = DrawPanels(
      "\"x\"", {{.title = "a < b & c", .x_name = "", .x_high = 1, .curves = {{"<i>", {{0, 1}}}}}});
  EXPECT_THAT(svg, HasSubstr("aria-label=\"&quot;x&quot;\""));
  EXPECT_THAT(svg, HasSubstr(">a &lt; b &amp; c<"));
  EXPECT_THAT(svg, HasSubstr(">&lt;i&gt; 1<"));
  EXPECT_THAT(svg, Not(HasSubstr("<i>")));
}

TEST(DrawPanels, LeavesOutCurvesWithoutPoints) {
  const std::string svg = DrawPanels(
      "",
      {{.title = "", .x_name = "", .x_high = 1, .curves = {{"absent", {}}, {"one", {{0, 1}}}}}});
  EXPECT_THAT(svg, Not(HasSubstr("absent")));
  EXPECT_THAT(svg, HasSubstr("curve c1"));
}

}  // namespace
}  // namespace diffuser::training
