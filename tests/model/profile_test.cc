#include "model/profile.h"

#include <thread>

#include "gtest/gtest.h"

namespace diffuser::model {
namespace {

using std::chrono::milliseconds;

TEST(Profile, AddsUpByPart) {
  Profile profile;
  profile.Add(Part::kScores, milliseconds(250));
  profile.Add(Part::kScores, milliseconds(500));
  profile.Add(Part::kLastLayer, milliseconds(125));
  EXPECT_DOUBLE_EQ(profile.seconds(Part::kScores), 0.75);
  EXPECT_DOUBLE_EQ(profile.seconds(Part::kLastLayer), 0.125);
  EXPECT_DOUBLE_EQ(profile.seconds(Part::kHead), 0.0);
}

TEST(Profile, AddsUpOverThreads) {
  Profile profile;
  const auto add = [&profile] {
    for (int i = 0; i < 1000; ++i) profile.Add(Part::kSoftmax, milliseconds(1));
  };
  std::thread other(add);
  add();
  other.join();
  EXPECT_DOUBLE_EQ(profile.seconds(Part::kSoftmax), 2.0);
}

TEST(PartTimer, CountsEachStretchForItsPart) {
  Profile profile;
  installed_profile = &profile;
  const auto begin = std::chrono::steady_clock::now();
  PartTimer timer;
  timer.Count(Part::kNorms);
  timer.Count(Part::kHead);
  const std::chrono::duration<double> whole = std::chrono::steady_clock::now() - begin;
  installed_profile = nullptr;
  EXPECT_GT(profile.seconds(Part::kNorms) + profile.seconds(Part::kHead), 0.0);
  EXPECT_LE(profile.seconds(Part::kNorms) + profile.seconds(Part::kHead), whole.count());
}

TEST(PartTimer, CountsNothingWithoutAProfile) {
  Profile profile;
  PartTimer before;
  installed_profile = &profile;
  before.Count(Part::kScores);
  installed_profile = nullptr;
  PartTimer after;
  after.Count(Part::kScores);
  EXPECT_EQ(profile.seconds(Part::kScores), 0.0);
}

}  // namespace
}  // namespace diffuser::model
