#include "tests/bench/requirements.h"

#include "gtest/gtest.h"
#include "tests/bench/sample_run.h"

namespace diffuser::bench {
namespace {

const Requirement& Find(const std::vector<Requirement>& all, const std::string& what,
                        const std::string& precision) {
  for (const Requirement& each : all) {
    if (each.what == what && each.precision == precision) return each;
  }
  ADD_FAILURE() << "no requirement: " << what << ", " << precision;
  return all.front();
}

TEST(CheckRequirements, ComparesTheLongestDocumentWithTheFloor) {
  const auto all = CheckRequirements(SampleRun());
  const auto& float32 = Find(all, "4,096 tokens / float32 linear layers alone", "float32");
  EXPECT_DOUBLE_EQ(float32.reached->median, 1.25);
  EXPECT_EQ(Verdict(float32), "must");
  const auto& bfloat16 = Find(all, "4,096 tokens / bfloat16 linear layers alone", "bfloat16");
  EXPECT_DOUBLE_EQ(bfloat16.reached->median, 1.25);
  EXPECT_EQ(Verdict(bfloat16), "aim");
}

TEST(CheckRequirements, ComparesATokensSecondsByLength) {
  const auto all = CheckRequirements(SampleRun());
  const auto& scaling = Find(all, "a token's seconds at 4,096 / at 512 tokens", "float32");
  EXPECT_DOUBLE_EQ(scaling.reached->median, 1.25 / 8);
}

TEST(CheckRequirements, ComparesThePackedBatchWithItsDocumentsOneByOne) {
  const auto all = CheckRequirements(SampleRun());
  const auto& packed = Find(all, "mixed lengths, packed / one by one", "bfloat16");
  EXPECT_DOUBLE_EQ(packed.reached->median, 1.0);
  EXPECT_EQ(Verdict(packed), "must");
}

TEST(CheckRequirements, TakesMemoryInMegabytesAndStartUpInSeconds) {
  const auto all = CheckRequirements(SampleRun());
  const auto& memory = Find(all, "peak memory above the weights, 4,096 tokens", "float32");
  EXPECT_DOUBLE_EQ(memory.reached->median, 200);
  EXPECT_EQ(Verdict(memory), "must");
  const auto& start_up = Find(all, "process start to first answer", "float32");
  EXPECT_DOUBLE_EQ(start_up.reached->median, 0.75);
}

TEST(CheckRequirements, HoldsInt8ToTheFloat32EngineWhereThereIsNoBFloat16) {
  RunResult run = SampleRun();
  EngineResult int8 = run.engines[0];
  int8.precision = "int8";
  for (double& seconds : int8.cases[1].engine) seconds *= 0.8;
  run.engines.push_back(int8);
  const auto all = CheckRequirements(run);
  const auto& narrow = Find(all, "4,096 tokens / float32 engine", "int8");
  EXPECT_DOUBLE_EQ(narrow.reached->median, 0.8);
  EXPECT_EQ(Verdict(narrow), "missed");

  run.engines.back().floor_precision = "bfloat16";
  const auto wide = CheckRequirements(run);
  const auto& of_floor = Find(wide, "4,096 tokens / bfloat16 linear layers alone", "int8");
  EXPECT_DOUBLE_EQ(of_floor.reached->median, 1.0);
  EXPECT_EQ(Verdict(of_floor), "must");
}

TEST(CheckRequirements, SaysWhatWasNotMeasured) {
  for (const Requirement& each : CheckRequirements(RunResult{})) {
    EXPECT_EQ(Verdict(each), "not measured") << each.what;
  }
  RunResult run = SampleRun();
  run.engines[0].cases.resize(1);
  run.engines[0].start_up.clear();
  for (const Requirement& each : CheckRequirements(run)) {
    EXPECT_EQ(Verdict(each) == "not measured", each.precision != "bfloat16") << each.what;
  }
}

TEST(CheckRequirements, HoldsNoOtherShapeToThem) {
  RunResult run = SampleRun();
  for (EngineResult& engine : run.engines) engine.checkpoint = "other";
  for (const Requirement& each : CheckRequirements(run)) {
    EXPECT_EQ(Verdict(each), "not measured") << each.what;
  }
}

TEST(CheckRequirements, HoldsNoOtherDeviceToThem) {
  RunResult run = SampleRun();
  run.machine.device = "Example GPU";
  EXPECT_TRUE(CheckRequirements(run).empty());
}

}  // namespace
}  // namespace diffuser::bench
