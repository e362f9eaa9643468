#include "client/cli/progress.h"

#include <gtest/gtest.h>

#include <sstream>

#include "client/cli/text.h"
#include "tests/client/fake_environment.h"

namespace diffuser::cli {
namespace {

struct Screen {
  std::istringstream in;
  std::ostringstream out, err;
  std::shared_ptr<client::FakeEnvironment> environment =
      std::make_shared<client::FakeEnvironment>();
  Console console{.in = in, .out = out, .err = err, .environment = environment};
};

TEST(ProgressLine, ShowsShareSpeedAndTimeLeft) {
  EXPECT_EQ(ProgressLine(30, 0, 120, absl::Seconds(10), 80),
            "[#######.......................] 30/120  25%  3.0/s  0:30 left");
  EXPECT_EQ(ProgressLine(120, 2, 120, absl::Seconds(10), 80),
            "[##############################] 120/120 100%  12.0/s  0:00 left  2 failed");
}

TEST(ProgressLine, FitsTheTerminal) {
  for (int width = 0; width < 100; ++width) {
    const std::string line = ProgressLine(1, 1, 1'000'000, absl::Seconds(1), width);
    EXPECT_LT(DisplayWidth(line), static_cast<size_t>(std::max(width, 1)) + 1) << line;
  }
}

TEST(ProgressLine, KnowsNoSpeedAtTheStart) {
  EXPECT_EQ(ProgressLine(0, 0, 10, absl::ZeroDuration(), 20), "[.......] 0/10   0%");
}

TEST(Progress, ShowsNothingWhereNobodyLooks) {
  Screen screen;
  Progress progress(screen.console, 100);
  progress.Count(false);
  progress.Clear();
  EXPECT_EQ(screen.err.str(), "");
}

TEST(Progress, ShowsNothingForOneDocument) {
  Screen screen;
  screen.console.err_is_terminal = true;
  Progress progress(screen.console, 1);
  progress.Count(false);
  EXPECT_EQ(screen.err.str(), "");
}

TEST(Progress, DrawsAtMostTenTimesASecondAndClearsWhatItDrew) {
  Screen screen;
  screen.console.err_is_terminal = true;
  Progress progress(screen.console, 100);
  for (int i = 0; i < 50; ++i) progress.Count(false);
  EXPECT_NE(screen.err.str().find(" 1/100 "), std::string::npos);
  EXPECT_EQ(screen.err.str().find(" 2/100 "), std::string::npos);
  screen.environment->Advance(absl::Milliseconds(100));
  progress.Count(true);
  EXPECT_NE(screen.err.str().find(" 51/100 "), std::string::npos);
  progress.Clear();
  const std::string drawn = screen.err.str();
  EXPECT_EQ(drawn.substr(drawn.size() - 4), "\r\x1b[K");
  progress.Clear();
  EXPECT_EQ(screen.err.str(), drawn) << "nothing is left to clear";
}

}  // namespace
}  // namespace diffuser::cli
