#ifndef DIFFUSER_TESTS_TESTING_FAKE_DEVICES_H_
#define DIFFUSER_TESTS_TESTING_FAKE_DEVICES_H_

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/models/model_loader.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/fake_tokenizer.h"
#include "tests/testing/recording_observer.h"

namespace diffuser::testing {

// Devices that models can be loaded on, and what was loaded: each load makes a classifier of its
// own. Thread-safe; the fields are set before they are used.
class FakeDevices {
 public:
  explicit FakeDevices(std::vector<std::string> devices) : devices_(std::move(devices)) {}

  // What a load fails with, OK if it does not. Called on the loading thread; may be null.
  std::function<absl::Status(const models::ModelSpec& spec, const std::string& device)> on_load;
  // Changes a classifier before it is used. May be null.
  std::function<void(FakeClassifier& classifier)> on_made;

  // `observer` for every model.
  models::ModelFactories Factories(std::shared_ptr<RecordingObserver> observer) {
    models::ModelFactories factories;
    factories.find_devices = [this] { return devices_; };
    factories.load_classifier = [this](const models::ModelSpec& spec, const std::string& device) {
      return Load(spec, device);
    };
    factories.load_tokenizer = [](const std::string&) {
      return std::make_unique<const FakeTokenizer>();
    };
    factories.make_observer = [observer](const models::ModelSpec&) { return observer; };
    return factories;
  }

  // The classifiers that were loaded on the device, of all models, in order.
  std::vector<std::shared_ptr<FakeClassifier>> LoadedOn(const std::string& device) const {
    const std::lock_guard lock(mutex_);
    const auto found = loaded_.find(device);
    if (found == loaded_.end()) return {};
    return found->second;
  }

 private:
  absl::StatusOr<std::shared_ptr<const model::Classifier>> Load(const models::ModelSpec& spec,
                                                                const std::string& device) {
    if (on_load) {
      if (absl::Status status = on_load(spec, device); !status.ok()) return status;
    }
    auto classifier = std::make_shared<FakeClassifier>(SmallConfig(), device);
    if (on_made) on_made(*classifier);
    const std::lock_guard lock(mutex_);
    loaded_[device].push_back(classifier);
    return classifier;
  }

  const std::vector<std::string> devices_;
  mutable std::mutex mutex_;
  std::map<std::string, std::vector<std::shared_ptr<FakeClassifier>>> loaded_;
};

// Keeps what it is told. Thread-safe.
class RecordingEvents final : public models::ServingEvents {
 public:
  void OnFallback(const model::Fallback& fallback) override { Add("fallback " + fallback.reason); }
  void OnLoweredBudget(const models::ModelSpec& spec, const std::string& device,
                       int budget_tokens) override {
    Add("budget of " + spec.name + " on " + device + " " + std::to_string(budget_tokens));
  }
  void OnDevice(const std::string& device,
                const std::function<metrics::DeviceReading()>& read) override {
    const std::lock_guard lock(mutex_);
    reads_[device] = read;
  }
  void OnDeviceLost(const std::string& device, const absl::Status&) override {
    Add("lost " + device);
  }
  void OnReload(const models::ModelSpec& spec, const std::string& device,
                const absl::Status& outcome) override {
    Add((outcome.ok() ? "reloaded " : "not reloaded ") + spec.name + " on " + device);
  }
  void OnReplicas(const models::ModelSpec& spec, const models::ReplicaSummary& replicas) override {
    const std::lock_guard lock(mutex_);
    devices_[spec.name] = replicas.devices;
    changed_.notify_all();
  }

  // All but OnDevice and OnReplicas, in order.
  std::vector<std::string> events() const {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  // What OnDevice told last of the device. REQUIRES: it did.
  metrics::DeviceReading Read(const std::string& device) const {
    std::function<metrics::DeviceReading()> read;
    {
      const std::lock_guard lock(mutex_);
      read = reads_.at(device);
    }
    return read();
  }
  // Blocks: until OnReplicas says this of the model.
  void WaitForDevices(const std::string& model, const std::string& devices) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      const auto found = devices_.find(model);
      return found != devices_.end() && found->second == devices;
    });
  }

 private:
  void Add(std::string event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<std::string> events_;
  std::map<std::string, std::function<metrics::DeviceReading()>> reads_;
  std::map<std::string, std::string> devices_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_FAKE_DEVICES_H_
