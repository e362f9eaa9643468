#include "tests/bench/memory.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::bench {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMegabyte = 1 << 20;

TEST(ParseResidentMemory, ReadsTheKernelsLines) {
  const auto memory = ParseResidentMemory(
      "Name:\tbench\nVmPeak:\t  9999 kB\nVmHWM:\t  4096 kB\nVmRSS:\t  12 kB\n"
      "RssAnon:\t  1024 kB\nRssFile:\t  2048 kB\nRssShmem:\t  0 kB\n");
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->peak, 4 * kMegabyte);
  EXPECT_EQ(memory->anonymous, kMegabyte);
  EXPECT_EQ(memory->file, 2 * kMegabyte);
  EXPECT_EQ(memory->shared, 0);
}

TEST(ParseResidentMemory, NamesTheLineThatIsMissing) {
  const auto memory = ParseResidentMemory("VmHWM:\t  4096 kB\nRssAnon:\t many kB\n");
  EXPECT_EQ(memory.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(memory.status().message()), HasSubstr("'RssAnon: COUNT kB'"));
}

TEST(PeakAbove, LeavesMappedFilesOut) {
  const ResidentMemory before = {.peak = 500, .anonymous = 300, .file = 100, .shared = 0};
  const ResidentMemory after = {.peak = 900, .anonymous = 350, .file = 160, .shared = 10};
  EXPECT_EQ(PeakAbove(before, after), 900 - 160 - 10 - 300);
}

TEST(ReadResidentMemory, SeesWhatWasHeldAndFreedSinceTheReset) {
  if (!ResetPeak().ok()) GTEST_SKIP() << "the kernel does not let the peak be reset";
  const auto before = ReadResidentMemory();
  ASSERT_TRUE(before.ok()) << before.status();
  {
    const std::vector<char> held(64 * kMegabyte, 'x');
  }
  const auto after = ReadResidentMemory();
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_GT(PeakAbove(*before, *after), 60 * kMegabyte);
  EXPECT_LT(PeakAbove(*before, *after), 80 * kMegabyte);
}

}  // namespace
}  // namespace diffuser::bench
