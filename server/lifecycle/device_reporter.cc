#include "server/lifecycle/device_reporter.h"

#include "server/metrics/device_metrics.h"

namespace diffuser::lifecycle {
namespace {

using logging::Level;

// What "auto" finds on a machine that is not meant to have a GPU.
bool IsUsual(const std::string& reason) {
  return reason == "no_library" || reason == "no_driver" || reason == "no_device";
}

}  // namespace

void DeviceReporter::OnFallback(const model::Fallback& fallback) {
  parts_.metrics->devices().SetFallback(fallback.reason);
  parts_.logger->Log(IsUsual(fallback.reason) ? Level::kInfo : Level::kWarning, "kernel_fallback",
                     {{"reason", fallback.reason}, {"details", fallback.details}});
}

void DeviceReporter::OnLoweredBudget(const models::ModelSpec& spec, const std::string& device,
                                     int budget_tokens) {
  parts_.logger->Log(Level::kWarning, "token_budget_lowered",
                     {{"model", spec.name},
                      {"version", spec.version},
                      {"device", device},
                      {"max_batch_tokens", budget_tokens}});
}

void DeviceReporter::OnDevice(const std::string& device,
                              const std::function<metrics::DeviceReading()>& read) {
  parts_.metrics->devices().SetInUse(device, read);
}

void DeviceReporter::OnDeviceLost(const std::string& device, const absl::Status& health) {
  parts_.metrics->devices().CountFailure(device);
  parts_.logger->Log(Level::kError, "device_lost",
                     {{"device", device}, {"details", std::string(health.message())}});
}

void DeviceReporter::OnReload(const models::ModelSpec& spec, const std::string& device,
                              const absl::Status& outcome) {
  parts_.logger->Log(outcome.ok() ? Level::kInfo : Level::kError,
                     outcome.ok() ? "model_reloaded" : "model_reload_failed",
                     {{"model", spec.name},
                      {"version", spec.version},
                      {"device", device},
                      {"details", std::string(outcome.message())}});
}

void DeviceReporter::OnReplicas(const models::ModelSpec& spec,
                                const models::ReplicaSummary& replicas) {
  parts_.registry->SetReplicas(spec, replicas);
  parts_.metrics->SetModelLoaded(spec.name, spec.version, !replicas.devices.empty());
  parts_.on_change();
}

}  // namespace diffuser::lifecycle
