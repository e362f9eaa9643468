// Models on several devices.

#include <latch>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/models/devices_fixture.h"

namespace diffuser::models {
namespace {

using absl::StatusCode;
using ::testing::Each;
using ::testing::ElementsAre;

using DevicesTest = DevicesFixture;

TEST_F(DevicesTest, SaysAllDevicesOfAModel) {
  Serve({"cuda:0", "cuda:1"});
  EXPECT_EQ(model_->replicas.devices, "cuda:0,cuda:1");
  EXPECT_EQ(serving_->condition(), Condition::kServed);
}

TEST_F(DevicesTest, AllDevicesTakeFromOneQueueAtOnce) {
  std::latch all_compute(4);
  on_made_ = [&](testing::FakeClassifier& classifier) {
    classifier.batches_at_once = 2;
    classifier.before_classify = [&](const model::PackedBatch& batch) {
      if (batch.length(0) == kLength) all_compute.arrive_and_wait();
      return absl::OkStatus();
    };
  };
  Serve({"cuda:0", "cuda:1"});
  for (int i = 0; i < 4; ++i) Classify();
  box_.WaitFor(4);
  EXPECT_THAT(box_.codes(), Each(StatusCode::kOk));
  EXPECT_EQ(CallersBatches("cuda:0"), 2);
  EXPECT_EQ(CallersBatches("cuda:1"), 2);
}

TEST_F(DevicesTest, ReadsADeviceWhenAsked) {
  std::latch computing(1);
  std::latch go_on(1);
  on_made_ = [&](testing::FakeClassifier& classifier) {
    classifier.memory = model::DeviceMemory{.used = 30, .free = 50};
    classifier.before_classify = [&](const model::PackedBatch& batch) {
      if (batch.length(0) != kLength) return absl::OkStatus();
      computing.count_down();
      go_on.wait();
      return absl::OkStatus();
    };
  };
  Serve({"cuda:0"});
  EXPECT_EQ(events_.Read("cuda:0").batches_in_flight, 0);
  EXPECT_EQ(events_.Read("cuda:0").memory->free, 50);
  Classify();
  computing.wait();
  EXPECT_EQ(events_.Read("cuda:0").batches_in_flight, 1);
  go_on.count_down();
  box_.WaitFor(1);
  LoadedOn("cuda:0").Lose();
  EXPECT_FALSE(events_.Read("cuda:0").memory.has_value()) << "a lost device is not asked";
}

TEST_F(DevicesTest, TellsALoweredBudgetOnce) {
  on_made_ = [](testing::FakeClassifier& classifier) {
    classifier.token_budget = classifier.device() == "cuda:0" ? 100 : 9000;
  };
  Serve({"cuda:0", "cuda:1"}, OnDeviceFailure::kReload, 4096);
  EXPECT_THAT(events_.events(), ElementsAre("budget of m on cuda:0 100"));
}

}  // namespace
}  // namespace diffuser::models
