#ifndef DIFFUSER_TESTS_SERVER_MODELS_DEVICES_FIXTURE_H_
#define DIFFUSER_TESTS_SERVER_MODELS_DEVICES_FIXTURE_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/models/serving.h"
#include "tests/testing/answer_box.h"
#include "tests/testing/fake_devices.h"

namespace diffuser::models {

// Of the callers' documents; the warm-up has none of this length, which the tests tell them by.
inline constexpr int kLength = 30;

// One model, "m", on fake devices.
class DevicesFixture : public ::testing::Test {
 protected:
  // Loads the model "m" on the devices.
  void Serve(std::vector<std::string> devices,
             OnDeviceFailure on_device_failure = OnDeviceFailure::kReload,
             int budget_tokens = kLength) {
    devices_ = std::make_unique<testing::FakeDevices>(std::move(devices));
    devices_->on_load = [this](const ModelSpec&, const std::string& device) {
      if (holds_loading_) may_load_.wait();
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
    may_load_ = go_on.get_future().share();
    holds_loading_ = true;
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
  std::atomic<bool> holds_loading_ = false;
  std::shared_future<void> may_load_;
  testing::AnswerBox<pipeline::ClassifyAnswer> box_;
  testing::RecordingEvents events_;
  std::unique_ptr<testing::FakeDevices> devices_;
  std::unique_ptr<Serving> serving_;
  std::shared_ptr<const ServedModel> model_;
};

}  // namespace diffuser::models

#endif  // DIFFUSER_TESTS_SERVER_MODELS_DEVICES_FIXTURE_H_
