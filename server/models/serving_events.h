#ifndef DIFFUSER_SERVER_MODELS_SERVING_EVENTS_H_
#define DIFFUSER_SERVER_MODELS_SERVING_EVENTS_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "model/classifier.h"
#include "server/metrics/device_reading.h"
#include "server/models/model_registry.h"

namespace diffuser::models {

// What Serving tells of the devices under its models; implemented by what logs and counts, and by
// fakes in tests. Calls may come from any thread; Serving::condition may be asked within them. All
// do nothing unless overridden.
class ServingEvents {
 public:
  virtual ~ServingEvents() = default;

  // Something slower than was hoped for computes.
  virtual void OnFallback(const model::Fallback& /*fallback*/) {}
  // A model's batches on this device hold fewer tokens than the operator allows.
  virtual void OnLoweredBudget(const ModelSpec& /*spec*/, const std::string& /*device*/,
                               int /*budget_tokens*/) {}
  // A model begins to compute on the device, which works. `read` may be called at any time from
  // then on.
  virtual void OnDevice(const std::string& /*device*/,
                        const std::function<metrics::DeviceReading()>& /*read*/) {}
  // The device has failed for good, and takes no more batches.
  virtual void OnDeviceLost(const std::string& /*device*/, const absl::Status& /*health*/) {}
  // A model that was on a lost device was loaded again on `device`; or could not be.
  virtual void OnReload(const ModelSpec& /*spec*/, const std::string& /*device*/,
                        const absl::Status& /*outcome*/) {}
  // What serves a model, or whether anything does, has changed since it was loaded.
  virtual void OnReplicas(const ModelSpec& /*spec*/, const ReplicaSummary& /*replicas*/) {}
};

}  // namespace diffuser::models

#endif  // DIFFUSER_SERVER_MODELS_SERVING_EVENTS_H_
