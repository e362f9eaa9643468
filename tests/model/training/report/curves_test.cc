#include "model/training/report/curves.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DrawCurves, SaysThatNothingIsMeasuredYet) {
  const std::string svg = DrawCurves({});
  EXPECT_THAT(svg, ::testing::StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(svg, ::testing::EndsWith("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("nothing measured yet"));
  EXPECT_THAT(svg, Not(HasSubstr("<polyline")));
}

// The losses' plane is 760 wide from 70 and 215 high from 40; losses are from 0 to 1, steps to 100.
TEST(DrawCurves, PlacesPointsOnTheAxes) {
  const std::string svg = DrawCurves({{{.step = 0, .train_loss = 1.0},
                                       {.step = 50, .train_loss = 0.5, .eval_loss = 0.4},
                                       {.step = 100, .train_loss = 0.0}}});
  EXPECT_THAT(svg, HasSubstr("<polyline class=\"curve c0\" points=\"70.0,40.0 450.0,147.5 "
                             "830.0,255.0\"/>"));
  EXPECT_THAT(svg, HasSubstr("<circle class=\"d1\" cx=\"450.0\" cy=\"169.0\""));
  EXPECT_THAT(svg, HasSubstr(">train 0<"));
  EXPECT_THAT(svg, HasSubstr(">eval 0.4<"));
}

TEST(DrawCurves, DrawsTheScoresBelowTheLosses) {
  const std::string svg = DrawCurves({{{.step = 10, .micro_f1 = 0.0, .macro_f1 = 1.0},
                                       {.step = 10, .micro_f1 = 1.0, .exact_match = 0.5}}});
  EXPECT_THAT(svg, HasSubstr("points=\"830.0,555.0 830.0,340.0\""));
  EXPECT_THAT(svg, HasSubstr(">micro F1 1<"));
  EXPECT_THAT(svg, HasSubstr(">macro F1 1<"));
  EXPECT_THAT(svg, HasSubstr(">exact match 0.5<"));
}

TEST(DrawCurves, LeavesOutWhatIsNoNumber) {
  const std::string svg =
      DrawCurves({{{.step = 1, .train_loss = std::numeric_limits<double>::quiet_NaN()},
                   {.step = 2, .train_loss = std::numeric_limits<double>::infinity()}}});
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(DrawCurves, IsReadableOnDarkGroundAndRefersToNothingOutside) {
  const std::string svg = DrawCurves({});
  EXPECT_THAT(svg, HasSubstr("prefers-color-scheme: dark"));
  EXPECT_THAT(svg, Not(HasSubstr("href")));
  EXPECT_THAT(svg, Not(HasSubstr("url(")));
}

}  // namespace
}  // namespace diffuser::training
