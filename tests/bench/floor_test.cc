#include "tests/bench/floor.h"

#include <sys/resource.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/layers/arena.h"
#include "tests/bench/device_floor.h"
#include "tests/bench/device_marks.h"

namespace diffuser::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;

model::ModelConfig SmallConfig() {
  model::ModelConfig config;
  config.hidden_size = 32;
  config.intermediate_size = 64;
  config.num_layers = 3;
  config.num_heads = 2;
  return config;
}

TEST(Floor, RunsInEveryPrecisionThatItComparesWith) {
  for (const auto precision : {model::Precision::kFloat32, model::Precision::kBFloat16}) {
    for (const bool reuse_memory : {false, true}) {
      const auto floor = Floor::Make(
          SmallConfig(),
          {.precision = Floor::PrecisionFor(precision, "cpu"), .reuse_memory = reuse_memory});
      ASSERT_TRUE(floor.ok()) << floor.status();
      const auto seconds = (*floor)->Run(/*tokens=*/128, /*documents=*/2);
      ASSERT_TRUE(seconds.ok()) << seconds.status();
      EXPECT_GT(seconds->whole, 0);
      EXPECT_GT(seconds->needed, 0);
    }
  }
}

TEST(Floor, ComparesFloat32WithFloat32) {
  for (const char* device : {"cpu", "cuda:0"}) {
    EXPECT_EQ(Floor::PrecisionFor(model::Precision::kFloat32, device), model::Precision::kFloat32);
  }
}

TEST(Floor, ComparesHalvesWithThemselvesAndInt8WithBFloat16OnADevice) {
  EXPECT_EQ(Floor::PrecisionFor(model::Precision::kFloat16, "cuda:0"), model::Precision::kFloat16);
  EXPECT_EQ(Floor::PrecisionFor(model::Precision::kBFloat16, "cuda:0"),
            model::Precision::kBFloat16);
  EXPECT_EQ(Floor::PrecisionFor(model::Precision::kInt8, "cuda:0"), model::Precision::kBFloat16);
}

TEST(Floor, IsNotMadeOnADeviceThatLibTorchDoesNotHave) {
  const auto floor = Floor::Make(SmallConfig(), {.device = "cuda:0"});
  EXPECT_EQ(floor.status().code(), absl::StatusCode::kInternal);
}

// On the CPU, as a stand-in for a device.
TEST(DeviceFloor, RunsInEveryPrecision) {
  for (const auto precision :
       {model::Precision::kFloat32, model::Precision::kBFloat16, model::Precision::kFloat16}) {
    const auto floor = MakeDeviceFloor(at::kCPU, SmallConfig(), {.precision = precision});
    const auto seconds = floor->Run(/*tokens=*/128, /*documents=*/2);
    ASSERT_TRUE(seconds.ok()) << seconds.status();
    EXPECT_GT(seconds->needed, 0);
    EXPECT_GT(seconds->whole, 0);
    EXPECT_GT(seconds->whole_cpu, 0);
  }
}

TEST(DeviceMarks, GivesTheTimeFromEachToTheNext) {
  DeviceMarks marks(at::kCPU);
  marks.Add();
  EXPECT_THAT(marks.Intervals(), IsEmpty());
  marks.Add();
  marks.Add();
  EXPECT_THAT(marks.Intervals(), ElementsAre(Ge(0), Ge(0)));
}

// Pages that the process touches for the first time while the floor runs once more.
int64_t PageFaultsOfASecondRun(bool reuse_memory) {
  constexpr int kTokens = 1 << 18;  // 32 MB a tensor and more, for which malloc asks the system
  const auto floor = Floor::Make(SmallConfig(), {.reuse_memory = reuse_memory});
  EXPECT_TRUE((*floor)->Run(kTokens, /*documents=*/1).ok());
  rusage before, after;
  getrusage(RUSAGE_SELF, &before);
  EXPECT_TRUE((*floor)->Run(kTokens, /*documents=*/1).ok());
  getrusage(RUSAGE_SELF, &after);
  return after.ru_minflt - before.ru_minflt;
}

// As in the benchmark, where the engine has made an arena of its own before.
TEST(Floor, RunsInMemoryThatItHasUsedBefore) {
  const layers::Arena of_the_engine;
  EXPECT_LT(10 * PageFaultsOfASecondRun(/*reuse_memory=*/true),
            PageFaultsOfASecondRun(/*reuse_memory=*/false));
}

}  // namespace
}  // namespace diffuser::bench
