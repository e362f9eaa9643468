#include "tests/bench/report.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/bench/parts.h"
#include "tests/bench/sample_run.h"
#include "tests/bench/table.h"

namespace diffuser::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FormatTable, AlignsColumns) {
  EXPECT_EQ(FormatTable({{"case", "ms"}, {"a", "1.5"}, {"longer", "10.25"}, {"b", ""}}),
            "  case       ms\n"
            "  a         1.5\n"
            "  longer  10.25\n"
            "  b\n");
}

TEST(FormatEngine, HasSecondsRatiosAndRates) {
  const std::string text = FormatEngine(SampleRun().engines[0]);
  EXPECT_THAT(text, HasSubstr("base, float32; floor: the linear layers in float32"));
  EXPECT_THAT(text, HasSubstr("first answer: 0.75 s"));
  EXPECT_THAT(text, HasSubstr("3750.0    3000.0  1.25 (1.25-1.25)  0.94 (0.94-0.94)"));
  EXPECT_THAT(text, HasSubstr("200\n"));
}

TEST(FormatEngine, HasRatesOfADevicesParts) {
  EngineResult engine = SampleRun().engines[1];
  engine.cases = {engine.cases[1]};
  engine.cases[0].parts = {{"attention", 0.002}, {"norms", 0.001}, {"surprise", 0.5}};
  engine.cases[0].work = {{"attention", {.operations = 4e9, .bytes = 3e9}},
                          {"norms", {.bytes = 2e9}}};
  engine.device_bytes = 3'000'000'000;
  const std::string text = FormatEngine(engine);
  EXPECT_THAT(text, HasSubstr("3000 MB of the device in use"));
  EXPECT_THAT(text, HasSubstr("surprise    500.000\n"));
  EXPECT_THAT(text, HasSubstr("attention      2000; 1500\n"));
  EXPECT_THAT(text, HasSubstr("norms                2000\n"));
  EXPECT_THAT(text, Not(HasSubstr("random hops")));
  EXPECT_THAT(FormatEngine(SampleRun().engines[1]), Not(HasSubstr("GB/s")));
}

TEST(FormatRequirements, IsEmptyWhereNoneWasMeasured) {
  EXPECT_EQ(FormatRequirements({}), "");
  const std::string text = FormatRequirements(SampleRun());
  EXPECT_THAT(text, HasSubstr("250 MB"));
  EXPECT_THAT(text, HasSubstr("not measured"));  // int8
}

// On two threads: half of the attention's thread time counts.
TEST(SharesOf, AddUpToTheWhole) {
  using std::chrono::milliseconds;
  model::Profile profile;
  profile.Add(model::Part::kProjections, milliseconds(300));
  profile.Add(model::Part::kAttention, milliseconds(500));
  profile.Add(model::Part::kScores, milliseconds(600));
  profile.Add(model::Part::kRandomHops, milliseconds(200));
  profile.Add(model::Part::kLastLayer, milliseconds(50));
  auto parts = SharesOf(profile, /*threads=*/2, /*whole=*/1.0);
  EXPECT_DOUBLE_EQ(parts.at("projections"), 0.3);
  EXPECT_DOUBLE_EQ(parts.at("scores"), 0.3);
  EXPECT_DOUBLE_EQ(parts.at("random hops"), 0.1);
  EXPECT_NEAR(parts.at("attention, rest"), 0.1, 1e-12);
  EXPECT_NEAR(parts.at("rest"), 0.2, 1e-12);
  EXPECT_DOUBLE_EQ(parts.at("last layer"), 0.05);
  double sum = 0;
  for (const std::string& name : PartNames()) sum += parts.at(name);
  EXPECT_NEAR(sum - parts.at("last layer"), 1.0, 1e-12);
}

}  // namespace
}  // namespace diffuser::bench
