#ifndef DIFFUSER_SERVER_LIFECYCLE_DEVICE_REPORTER_H_
#define DIFFUSER_SERVER_LIFECYCLE_DEVICE_REPORTER_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "model/classifier.h"
#include "server/logging/logger.h"
#include "server/metrics/device_reading.h"
#include "server/metrics/metrics.h"
#include "server/models/model_registry.h"
#include "server/models/serving_events.h"

namespace diffuser::lifecycle {

// Tells log, metrics and registry what happens to the devices under the models, and wakes whoever
// keeps the server's health.
class DeviceReporter : public models::ServingEvents {
 public:
  // What `parts` points to must outlive it.
  struct Parts {
    models::ModelRegistry* registry = nullptr;
    metrics::Metrics* metrics = nullptr;
    logging::Logger* logger = nullptr;
    std::function<void()> on_change;  // Serving::condition may have changed
  };

  explicit DeviceReporter(Parts parts) : parts_(std::move(parts)) {}

  void OnFallback(const model::Fallback& fallback) override;
  void OnLoweredBudget(const models::ModelSpec& spec, const std::string& device,
                       int budget_tokens) override;
  void OnDevice(const std::string& device,
                const std::function<metrics::DeviceReading()>& read) override;
  void OnDeviceLost(const std::string& device, const absl::Status& health) override;
  void OnReload(const models::ModelSpec& spec, const std::string& device,
                const absl::Status& outcome) override;
  void OnReplicas(const models::ModelSpec& spec, const models::ReplicaSummary& replicas) override;

 private:
  const Parts parts_;
};

}  // namespace diffuser::lifecycle

#endif  // DIFFUSER_SERVER_LIFECYCLE_DEVICE_REPORTER_H_
