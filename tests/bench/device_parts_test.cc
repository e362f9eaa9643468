#include "tests/bench/device_parts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_classifier.h"

namespace diffuser::bench {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(DeviceParts, GivesMediansOnce) {
  DeviceParts parts;
  for (const double seconds : {3.0, 1.0, 2.0}) parts.Add("attention", seconds);
  parts.Add("norms", 5.0);
  EXPECT_THAT(parts.TakeMedians(), ElementsAre(Pair("attention", 2.0), Pair("norms", 5.0)));
  EXPECT_THAT(parts.TakeMedians(), IsEmpty());
}

TEST(MeasureDeviceParts, GivesTheMediansOfTheSampledRuns) {
  testing::FakeClassifier engine;
  DeviceParts parts;
  parts.Add("of another batch", 1.0);
  int runs = 0;
  engine.before_classify = [&](const model::PackedBatch&) {
    if (++runs % 32 == 0) parts.Add("attention", runs);
    return absl::OkStatus();
  };
  model::PackedBatch batch;
  batch.Append({5, 6, 7});
  std::map<std::string, double> medians;
  ASSERT_TRUE(MeasureDeviceParts(engine, batch, parts, medians).ok());
  EXPECT_THAT(medians, ElementsAre(Pair("attention", 80.0)));
}

TEST(MeasureDeviceParts, PassesTheEnginesErrorOn) {
  testing::FakeClassifier engine;
  engine.before_classify = [](const model::PackedBatch&) {
    return absl::UnavailableError("the device is lost");
  };
  model::PackedBatch batch;
  batch.Append({5});
  DeviceParts parts;
  std::map<std::string, double> medians;
  EXPECT_EQ(MeasureDeviceParts(engine, batch, parts, medians).code(),
            absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace diffuser::bench
