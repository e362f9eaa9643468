#include "model/training/report/progress_line.h"

#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::training {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Progress kHalf = {
    .step = 50, .total_steps = 100, .loss = 0.25, .tokens_per_second = 1234.4};

TEST(FormatProgress, TellsShareLossSpeedAndTimeLeft) {
  EXPECT_EQ(FormatProgress(kHalf, 0, absl::Seconds(65), {}),
            "step 50/100  50%  loss 0.2500  1234 tokens/s  1:05 left");
}

TEST(FormatProgress, DrawsABarOnATerminal) {
  EXPECT_EQ(FormatProgress(kHalf, 0, absl::Seconds(65), {.is_terminal = true, .width = 69}),
            "[#####.....] step 50/100  50%  loss 0.2500  1234 tokens/s  1:05 left");
}

TEST(FormatProgress, NeverFillsTheLine) {
  for (int width = 1; width < 120; ++width) {
    const ProgressOptions options = {.is_terminal = true, .width = width};
    EXPECT_LT(FormatProgress(kHalf, 0, absl::Seconds(65), options).size(),
              static_cast<size_t>(width));
  }
}

TEST(FormatProgress, ReckonsTheTimeLeftOfAResumedRunByItsOwnSteps) {
  // 10 steps in 20 seconds, 50 to go.
  EXPECT_THAT(FormatProgress(kHalf, 40, absl::Seconds(20), {}), EndsWith("1:40 left"));
}

TEST(FormatProgress, TellsNoTimeLeftBeforeTheFirstStep) {
  EXPECT_THAT(FormatProgress(kHalf, 50, absl::Seconds(20), {}), Not(HasSubstr("left")));
}

TEST(FormatProgress, ShowsHoursAndLeavesOutALossThatIsNoNumber) {
  const Progress progress = {.step = 1, .total_steps = 11};
  EXPECT_EQ(FormatProgress(progress, 0, absl::Minutes(37), {.unit = "document"}),
            "document 1/11   9%  0 tokens/s  6:10:00 left");
}

class ProgressLineTest : public ::testing::Test {
 protected:
  ProgressLine Make(bool is_terminal) {
    return ProgressLine(out_, {.is_terminal = is_terminal}, [this] { return now_; });
  }

  std::string Take() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  absl::Time now_ = absl::UnixEpoch();
  std::ostringstream out_;
};

TEST_F(ProgressLineTest, WritesAPlainLineEveryNowAndThen) {
  ProgressLine line = Make(false);
  now_ += absl::Seconds(9);
  line.Update(kHalf);
  EXPECT_EQ(Take(), "");
  now_ += absl::Seconds(1);
  line.Update(kHalf);
  EXPECT_EQ(Take(), "step 50/100  50%  loss 0.2500  1234 tokens/s  0:10 left\n");
  now_ += absl::Seconds(1);
  line.Update(kHalf);
  EXPECT_EQ(Take(), "");
}

TEST_F(ProgressLineTest, WritesTheLastStepAtOnce) {
  ProgressLine line = Make(false);
  now_ += absl::Seconds(1);
  line.Update({.step = 100, .total_steps = 100});
  EXPECT_THAT(Take(), HasSubstr("100/100 100%"));
}

TEST_F(ProgressLineTest, DrawsAgainInPlaceOnATerminalButNotTooOften) {
  ProgressLine line = Make(true);
  line.Update(kHalf);
  EXPECT_THAT(Take(), ::testing::StartsWith("\r\x1b[K["));
  now_ += absl::Milliseconds(99);
  line.Update(kHalf);
  EXPECT_EQ(Take(), "");
  now_ += absl::Milliseconds(1);
  line.Update(kHalf);
  EXPECT_THAT(Take(), Not(HasSubstr("\n")));
}

TEST_F(ProgressLineTest, ClearsItselfBeforeAnythingElseIsSaid) {
  ProgressLine line = Make(true);
  line.Update(kHalf);
  Take();
  line.Say("micro F1 0.9");
  EXPECT_EQ(Take(), "\r\x1b[Kmicro F1 0.9\n");
  line.Clear();
  EXPECT_EQ(Take(), "");
  line.Update(kHalf);
  EXPECT_THAT(Take(), HasSubstr("50/100"));
}

TEST_F(ProgressLineTest, LeavesTheTerminalWhenItGoes) {
  {
    ProgressLine line = Make(true);
    line.Update(kHalf);
    Take();
  }
  EXPECT_EQ(Take(), "\r\x1b[K");
}

}  // namespace
}  // namespace diffuser::training
