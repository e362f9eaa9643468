// Models on several devices, and what becomes of them and of their requests when a device fails.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/models/serving.h"
#include "tests/testing/answer_box.h"
#include "tests/testing/fake_devices.h"

namespace diffuser::models {
namespace {

using absl::StatusCode;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Longer than any document of the warm-up: the fakes tell by it what is a caller's.
constexpr int kLength = 30;

class DevicesTest : public ::testing::Test {
 protected:
  // Loads the model "m" on the devices.
  void Serve(std::vector<std::string> devices,
             OnDeviceFailure on_device_failure = OnDeviceFailure::kReload,
             int budget_tokens = kLength) {
    devices_ = std::make_unique<testing::FakeDevices>(std::move(devices));
    devices_->on_load = [this](const ModelSpec&, const std::string& device) {
      if (wait_to_load_again_ && may_load_again_.valid()) may_load_again_.wait();
      return on_load_ ? on_load_(device) : absl::OkStatus();
    };
    devices_->on_made = on_made_;
    ServingOptions options;
    options.batch.budget_tokens = budget_tokens;
    options.on_device_failure = on_device_failure;
    serving_ = std::make_unique<Serving>(
        options, devices_->Factories(std::make_shared<testing::RecordingObserver>()), &events_,
        absl::Now);
    model_ = *serving_->Load({"m", "1", "dir"});
  }
  void Classify() { ClassifyBy(*model_); }
  void ClassifyAndWait() {
    const size_t answers = box_.size();
    Classify();
    box_.WaitFor(answers + 1);
  }
  void ClassifyBy(const ServedModel& model) {
    pipeline::ClassifyTask task;
    task.content = std::vector<uint32_t>(kLength, 7);
    model.pipeline->Classify(std::move(task), box_.NewCompletion());
  }
  testing::FakeClassifier& LoadedOn(const std::string& device, int index = 0) {
    return *devices_->LoadedOn(device).at(index);
  }
  // From now on, loading waits until the promise is kept.
  std::promise<void> HoldLoading() {
    std::promise<void> go_on;
    may_load_again_ = go_on.get_future().share();
    wait_to_load_again_ = true;
    return go_on;
  }
  int CallersBatches(const std::string& device) {
    int count = 0;
    for (const auto& classifier : devices_->LoadedOn(device)) {
      for (const auto& lengths : classifier->batches()) count += lengths[0] == kLength ? 1 : 0;
    }
    return count;
  }

  std::function<absl::Status(const std::string& device)> on_load_;
  std::function<void(testing::FakeClassifier&)> on_made_;
  std::atomic<bool> wait_to_load_again_ = false;
  std::shared_future<void> may_load_again_;
  testing::AnswerBox<pipeline::ClassifyAnswer> box_;
  testing::RecordingEvents events_;
  std::unique_ptr<testing::FakeDevices> devices_;
  std::unique_ptr<Serving> serving_;
  std::shared_ptr<const ServedModel> model_;
};

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

TEST_F(DevicesTest, ToExitIsToFailAndToServeOnWithTheOthers) {
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

TEST_F(DevicesTest, ToExitIsToAnswerWhatNoOtherDeviceCanServe) {
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

TEST_F(DevicesTest, QueuedRequestsWaitForTheReload) {
  Serve({"cuda:0"});
  std::promise<void> go_on = HoldLoading();
  LoadedOn("cuda:0").Lose();
  Classify();
  box_.WaitFor(1);
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

TEST_F(DevicesTest, GoesToTheCpuWhereTheReloadFails) {
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

TEST_F(DevicesTest, GoesToTheCpuWhereTheDeviceFailsAgain) {
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

TEST_F(DevicesTest, TheCpuTakesNothingFromAModelThatAnotherDeviceServes) {
  Serve({"cuda:0", "cuda:1"});
  on_load_ = [](const std::string&) { return absl::InternalError("the context is gone"); };
  LoadedOn("cuda:0").Lose();
  while (events_.events().size() < 2) ClassifyAndWait();  // lost, and not reloaded
  events_.WaitForDevices("m", "cuda:1");
  EXPECT_THAT(devices_->LoadedOn("cpu"), IsEmpty());
  EXPECT_EQ(serving_->condition(), Condition::kServed);
}

TEST_F(DevicesTest, FailsWhereNothingCanServeAModelAnyMore) {
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

TEST_F(DevicesTest, ReloadsEveryModelOfTheDevice) {
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

TEST_F(DevicesTest, DrainingWaitsForTheReloadThatServesWhatIsQueued) {
  Serve({"cuda:0"});
  std::promise<void> go_on = HoldLoading();
  LoadedOn("cuda:0").Lose();
  Classify();
  box_.WaitFor(1);
  Classify();
  std::thread drain([this] { serving_->Drain(absl::InfiniteFuture()); });
  go_on.set_value();
  drain.join();
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kOk));
}

TEST_F(DevicesTest, DrainingPastTheDeadlineDoesNotWaitForAReloadToServe) {
  Serve({"cuda:0"});
  std::promise<void> go_on = HoldLoading();
  LoadedOn("cuda:0").Lose();
  Classify();
  box_.WaitFor(1);
  Classify();
  std::thread drain([this] { serving_->Drain(absl::InfinitePast()); });
  box_.WaitFor(2);
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kUnavailable));
  go_on.set_value();
  drain.join();
}

// One of two devices fails under load: nothing is lost but what it was computing.
TEST_F(DevicesTest, ADeviceThatDiesUnderLoadTakesOnlyItsOwnBatches) {
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
