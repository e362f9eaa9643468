#include "tests/bench/machine.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/bench/isa.h"

namespace diffuser::bench {
namespace {

using ::testing::HasSubstr;

TEST(DescribeMachine, NamesProcessorAndVectorExtensions) {
  const Machine machine = DescribeMachine(
      "processor\t: 0\nmodel name\t: Example CPU @ 2.00GHz\nflags\t\t: fpu avx2 avx512f aes "
      "avx512_bf16\n\nprocessor\t: 1\nmodel name\t: Another\n",
      8, 2);
  EXPECT_EQ(machine.processor, "Example CPU @ 2.00GHz");
  EXPECT_EQ(machine.isa, "avx2 avx512f avx512_bf16");
  EXPECT_EQ(machine.cores, 8);
  EXPECT_EQ(machine.threads, 2);
}

TEST(DescribeMachine, SaysWhatItDoesNotKnow) {
  const Machine machine = DescribeMachine("Features : asimd\n", 1, 1);
  EXPECT_EQ(machine.processor, "unknown");
  EXPECT_EQ(machine.isa, "unknown");
}

TEST(ThisMachine, HasACore) { EXPECT_GE(ThisMachine(1, kNativeIsa).cores, 1); }

TEST(ThisMachine, SaysThatNotAllOfItIsUsed) {
  EXPECT_THAT(ThisMachine(1, "avx2").isa, HasSubstr("of which avx2 is used"));
}

}  // namespace
}  // namespace diffuser::bench
