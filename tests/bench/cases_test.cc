#include "tests/bench/cases.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/bench/precisions.h"
#include "tests/bench/selection.h"

namespace diffuser::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

model::ModelConfig ShortConfig() {
  model::ModelConfig config;
  config.vocab_size = 5;
  config.pad_token_id = 1;
  config.max_position_embeddings = 1026;
  return config;
}

TEST(AllCases, GivesTheBatchesAsManyTokensAsTheLongestDocument) {
  for (const Case& each : AllCases()) {
    if (each.for_devices) {
      EXPECT_EQ(each.name, "8x4096");
      EXPECT_EQ(each.tokens(), 8 * 4096);
    } else if (each.name == "mixed" || each.name == "64x64") {
      EXPECT_EQ(each.tokens(), 4096) << each.name;
    } else {
      EXPECT_THAT(each.lengths, ElementsAre(std::stoi(each.name)));
    }
    EXPECT_EQ(each.one_by_one, each.name == "mixed");
  }
}

TEST(Fit, LeavesOutDocumentsThatAreTooLong) {
  EXPECT_THAT(Fit({.name = "", .lengths = {2048, 1024, 1025, 7}}, ShortConfig()).lengths,
              ElementsAre(1024, 7));
  EXPECT_THAT(Fit({.name = "", .lengths = {4096}}, ShortConfig()).lengths, IsEmpty());
}

TEST(MakeBatch, TakesEveryIdButThePadding) {
  const model::PackedBatch batch = MakeBatch({100, 28}, ShortConfig());
  EXPECT_THAT(batch.offsets(), ElementsAre(0, 100, 128));
  EXPECT_THAT(std::set<int32_t>(batch.ids().begin(), batch.ids().end()), ElementsAre(0, 2, 3, 4));
}

TEST(Select, KeepsTheOrderThatWasAskedFor) {
  const auto selected = Select(AllCases(), {"mixed", "128"}, "case");
  ASSERT_TRUE(selected.ok()) << selected.status();
  ASSERT_EQ(selected->size(), 2);
  EXPECT_EQ((*selected)[0].name, "mixed");
  EXPECT_EQ((*selected)[1].name, "128");
  EXPECT_EQ(Select(AllCases(), {}, "case")->size(), AllCases().size());
}

TEST(FindPrecision, NamesThoseThereAre) {
  for (const NamedPrecision& each : AllPrecisions()) {
    EXPECT_EQ(*FindPrecision(each.name), each.precision);
    EXPECT_EQ(model::PrecisionName(each.precision), each.name);
  }
  EXPECT_THAT(std::string(FindPrecision("float8").status().message()),
              ::testing::StartsWith("unknown precision 'float8'; expected float32, bfloat16"));
}

}  // namespace
}  // namespace diffuser::bench
