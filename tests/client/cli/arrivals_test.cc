#include "client/cli/arrivals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace diffuser::cli {
namespace {

TEST(ArrivalSchedule, SpacesUniformArrivalsEqually) {
  ArrivalSchedule schedule(4, /*poisson=*/false, 1);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(schedule.Next(), absl::Milliseconds(250) * i);
}

TEST(ArrivalSchedule, DrawsPoissonGapsWithTheRightMeanAndSpread) {
  constexpr int kCount = 200'000;
  ArrivalSchedule schedule(50, /*poisson=*/true, 7);
  double last = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double now = absl::ToDoubleSeconds(schedule.Next());
    ASSERT_GE(now, last);
    squares += (now - last) * (now - last);
    last = now;
  }
  EXPECT_NEAR(last / kCount, 0.02, 0.02 * 0.01);
  // The second moment of an exponential distribution is twice the square of its mean.
  EXPECT_NEAR(squares / kCount, 2 * 0.02 * 0.02, 2 * 0.02 * 0.02 * 0.03);
}

TEST(ArrivalSchedule, RepeatsItselfForTheSameSeed) {
  ArrivalSchedule a(10, true, 3), b(10, true, 3), c(10, true, 4);
  const absl::Duration first = a.Next();
  EXPECT_EQ(first, b.Next());
  EXPECT_NE(first, c.Next());
}

TEST(LengthMix, DrawsByItsWeights) {
  const auto mix = LengthMix::Parse("128:5,1024:3,4096:2");
  ASSERT_TRUE(mix.ok()) << mix.status();
  std::map<uint32_t, int> counts;
  for (int i = 0; i < 1000; ++i) ++counts[mix->Draw((i + 0.5) / 1000)];
  EXPECT_EQ(counts, (std::map<uint32_t, int>{{128, 500}, {1024, 300}, {4096, 200}}));
}

TEST(LengthMix, TakesALengthAlone) {
  const auto mix = LengthMix::Parse("512");
  ASSERT_TRUE(mix.ok());
  EXPECT_EQ(mix->Draw(0), 512u);
  EXPECT_EQ(mix->Draw(0.999999), 512u);
}

TEST(LengthMix, RefusesWhatItCannotRead) {
  for (const char* bad : {"", ",", "0:1", "-5:1", "12x:1", "128:", "128:0", "128:-1", "128:nan",
                          "128:inf", "128:1:2", "128:0.5,", "1e3:1"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(LengthMix::Parse(bad).status())) << bad;
  }
}

TEST(RandomDocuments, HoldsOrdinaryIdsOfTheVocabularyOnly) {
  RandomDocuments documents(*LengthMix::Parse("3000"), 16, 5);
  const v1::Document document = documents.Next();
  const auto& ids = document.token_ids().ids();
  ASSERT_EQ(ids.size(), 3000);
  EXPECT_EQ(*std::min_element(ids.begin(), ids.end()), 5u);
  EXPECT_EQ(*std::max_element(ids.begin(), ids.end()), 15u);
}

TEST(RandomDocuments, DiffersFromDocumentToDocumentAndRepeatsForASeed) {
  RandomDocuments a(*LengthMix::Parse("64"), 1000, 5), b(*LengthMix::Parse("64"), 1000, 5);
  const std::string first = a.Next().SerializeAsString();
  EXPECT_EQ(first, b.Next().SerializeAsString());
  EXPECT_NE(first, a.Next().SerializeAsString());
}

}  // namespace
}  // namespace diffuser::cli
