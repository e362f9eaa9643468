// What becomes of models and of their requests when a device fails.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/server/models/devices_fixture.h"

namespace diffuser::models {
namespace {

using absl::StatusCode;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DeviceFailureTest : public DevicesFixture {
 protected:
  // The one device has failed a batch, and is reloaded no sooner than it is told to.
  std::promise<void> FailAndHoldTheReload() {
    Serve({"cuda:0"});
    std::promise<void> go_on = HoldLoading();
    LoadedOn("cuda:0").Lose();
    Classify();
    box_.WaitFor(1);
    return go_on;
  }
};

TEST_F(DeviceFailureTest, ToExitIsToFailAndToServeOnWithTheOthers) {
  Serve({"cuda:0", "cuda:1"}, OnDeviceFailure::kExit);
  LoadedOn("cuda:0").Lose();
  while (serving_->condition() == Condition::kServed) ClassifyAndWait();  // cuda:0 takes one
  events_.WaitForDevices("m", "cuda:1");
  const size_t sent = box_.size();
  for (int i = 0; i < 10; ++i) Classify();
  serving_->Drain(absl::InfiniteFuture());
  EXPECT_EQ(serving_->condition(), Condition::kFailed);
  EXPECT_EQ(CallersBatches("cuda:0"), 1) << "the queue hands nothing more to it";
  const auto codes = box_.codes();
  EXPECT_EQ(std::count(codes.begin(), codes.end(), StatusCode::kInternal), 1);
  EXPECT_EQ(std::count(codes.begin(), codes.end(), StatusCode::kOk),
            static_cast<int>(codes.size()) - 1);
  EXPECT_GE(codes.size(), sent + 10);
  EXPECT_THAT(events_.events(), ElementsAre("lost cuda:0"));
}

TEST_F(DeviceFailureTest, ToExitIsToAnswerWhatNoOtherDeviceCanServe) {
  std::latch all_wait(1);
  on_made_ = [&](testing::FakeClassifier& classifier) {
    classifier.before_classify = [&](const model::PackedBatch& batch) {
      if (batch.length(0) == kLength) all_wait.wait();
      return absl::OkStatus();
    };
  };
  Serve({"cuda:0"}, OnDeviceFailure::kExit);
  LoadedOn("cuda:0").Lose();
  for (int i = 0; i < 3; ++i) Classify();
  all_wait.count_down();
  box_.WaitFor(3);
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kUnavailable, StatusCode::kUnavailable,
                                        StatusCode::kInternal));
  Classify();
  EXPECT_EQ(box_.codes().back(), StatusCode::kUnavailable);
  EXPECT_EQ(serving_->condition(), Condition::kFailed);
}

TEST_F(DeviceFailureTest, QueuedRequestsWaitForTheReload) {
  std::promise<void> go_on = FailAndHoldTheReload();
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal));
  events_.WaitForDevices("m", "");
  EXPECT_EQ(serving_->condition(), Condition::kUnserved);
  Classify();
  Classify();
  go_on.set_value();
  box_.WaitFor(3);
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kOk, StatusCode::kOk));
  events_.WaitForDevices("m", "cuda:0");
  EXPECT_EQ(serving_->condition(), Condition::kServed);
  EXPECT_THAT(events_.events(), ElementsAre("lost cuda:0", "reloaded m on cuda:0"));
}

TEST_F(DeviceFailureTest, GoesToTheCpuWhereTheReloadFails) {
  Serve({"cuda:0"});
  on_load_ = [](const std::string& device) {
    return device == "cpu" ? absl::OkStatus() : absl::InternalError("the context is gone");
  };
  LoadedOn("cuda:0").Lose();
  Classify();
  box_.WaitFor(1);
  Classify();
  box_.WaitFor(2);
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kOk));
  events_.WaitForDevices("m", "cpu");
  EXPECT_EQ(serving_->condition(), Condition::kServed);
  EXPECT_THAT(events_.events(), ElementsAre("lost cuda:0", "not reloaded m on cuda:0",
                                            "fallback device_lost", "reloaded m on cpu"));
}

TEST_F(DeviceFailureTest, GoesToTheCpuWhereTheDeviceFailsAgain) {
  Serve({"cuda:0"});
  LoadedOn("cuda:0").Lose();
  Classify();
  events_.WaitForDevices("m", "cuda:0");
  LoadedOn("cuda:0", 1).Lose();
  Classify();
  events_.WaitForDevices("m", "cpu");
  EXPECT_THAT(devices_->LoadedOn("cuda:0"), SizeIs(2));
  Classify();
  box_.WaitFor(3);
  EXPECT_EQ(box_.codes().back(), StatusCode::kOk);
}

TEST_F(DeviceFailureTest, TheCpuTakesNothingFromAModelThatAnotherDeviceServes) {
  Serve({"cuda:0", "cuda:1"});
  on_load_ = [](const std::string&) { return absl::InternalError("the context is gone"); };
  LoadedOn("cuda:0").Lose();
  while (events_.events().size() < 2) ClassifyAndWait();  // lost, and not reloaded
  events_.WaitForDevices("m", "cuda:1");
  EXPECT_THAT(devices_->LoadedOn("cpu"), IsEmpty());
  EXPECT_EQ(serving_->condition(), Condition::kServed);
}

TEST_F(DeviceFailureTest, FailsWhereNothingCanServeAModelAnyMore) {
  Serve({"cuda:0"});
  on_load_ = [](const std::string&) { return absl::ResourceExhaustedError("no memory"); };
  std::promise<void> go_on = HoldLoading();
  LoadedOn("cuda:0").Lose();
  Classify();
  box_.WaitFor(1);
  Classify();
  go_on.set_value();
  box_.WaitFor(2);
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kUnavailable));
  EXPECT_EQ(serving_->condition(), Condition::kFailed);
}

TEST_F(DeviceFailureTest, ReloadsEveryModelOfTheDevice) {
  Serve({"cuda:0"});
  const auto other = *serving_->Load({"other", "1", "dir"});
  for (const auto& classifier : devices_->LoadedOn("cuda:0")) classifier->Lose();
  Classify();
  events_.WaitForDevices("m", "cuda:0");
  events_.WaitForDevices("other", "cuda:0");
  ClassifyBy(*other);
  box_.WaitFor(2);
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kOk))
      << "the other model's replica was retired before it took anything";
}

TEST_F(DeviceFailureTest, DrainingWaitsForTheReloadThatServesWhatIsQueued) {
  std::promise<void> go_on = FailAndHoldTheReload();
  Classify();
  std::thread drain([this] { serving_->Drain(absl::InfiniteFuture()); });
  go_on.set_value();
  drain.join();
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kOk));
}

TEST_F(DeviceFailureTest, DrainingPastTheDeadlineDoesNotWaitForAReloadToServe) {
  std::promise<void> go_on = FailAndHoldTheReload();
  Classify();
  std::thread drain([this] { serving_->Drain(absl::InfinitePast()); });
  box_.WaitFor(2);
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kUnavailable));
  go_on.set_value();
  drain.join();
}

// One of two devices fails under load: nothing is lost but what it was computing.
TEST_F(DeviceFailureTest, ADeviceThatDiesUnderLoadTakesOnlyItsOwnBatches) {
  std::atomic<int> batches = 0;
  on_made_ = [&](testing::FakeClassifier& classifier) {
    classifier.batches_at_once = 2;
    classifier.before_classify = [&](const model::PackedBatch& batch) {
      if (batch.length(0) == kLength && classifier.device() == "cuda:0" && ++batches == 20) {
        classifier.Lose();
      }
      return absl::OkStatus();
    };
  };
  Serve({"cuda:0", "cuda:1"});
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([this] {
      for (int i = 0; i < 300; ++i) {
        Classify();
        if (i % 10 == 0) std::this_thread::yield();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  serving_->Drain(absl::InfiniteFuture());
  const auto codes = box_.codes();
  ASSERT_EQ(codes.size(), 900u);
  const auto failed = std::count(codes.begin(), codes.end(), StatusCode::kInternal);
  EXPECT_LE(failed, 2) << "batches of one document, two at once";
  EXPECT_EQ(std::count(codes.begin(), codes.end(), StatusCode::kOk), 900 - failed);
  if (failed > 0) {
    EXPECT_THAT(events_.events(), Contains("lost cuda:0"));
  }
}

}  // namespace
}  // namespace diffuser::models
