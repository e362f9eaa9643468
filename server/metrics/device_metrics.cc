#include "server/metrics/device_metrics.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace diffuser::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// Those that a server can have; their series are there before they happen.
constexpr const char* kReasons[] = {"device_lost", "load_failed", "no_device",  "no_driver",
                                    "no_graphs",   "no_kernels",  "no_library", "no_libtorch",
                                    "no_memory",   "self_check"};

std::optional<int> CudaIndex(absl::string_view device) {
  int index = 0;
  if (absl::ConsumePrefix(&device, "cuda:") && absl::SimpleAtoi(device, &index)) return index;
  return std::nullopt;
}

// A sample without its value.
ClientMetric Labelled(const char* label, const std::string& value) {
  ClientMetric metric;
  metric.label.push_back({label, value});
  return metric;
}

ClientMetric Gauge(const char* label, const std::string& value, double number) {
  ClientMetric metric = Labelled(label, value);
  metric.gauge.value = number;
  return metric;
}

ClientMetric Counter(const char* label, const std::string& value, double number) {
  ClientMetric metric = Labelled(label, value);
  metric.counter.value = number;
  return metric;
}

}  // namespace

void DeviceMetrics::SetInUse(const std::string& device, Read read) {
  const std::lock_guard lock(mutex_);
  devices_[device].read = std::move(read);
  if (opened_nvml_ || !CudaIndex(device)) return;
  opened_nvml_ = true;
  nvml_ = Nvml::Open(libraries_);
}

void DeviceMetrics::CountFailure(const std::string& device) {
  const std::lock_guard lock(mutex_);
  devices_[device].read = nullptr;
  ++devices_[device].failures;
}

void DeviceMetrics::AddPart(const std::string& device, std::string_view part, double seconds) {
  const std::lock_guard lock(mutex_);
  auto& parts = devices_[device].parts;
  auto sum = parts.find(part);
  if (sum == parts.end()) sum = parts.emplace(part, Sum{}).first;
  sum->second.seconds += seconds;
  ++sum->second.count;
}

void DeviceMetrics::SetFallback(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  fallbacks_[reason] = true;
}

std::vector<MetricFamily> DeviceMetrics::Collect() const {
  // A gauge, not a counter: a fallback is a state that lasts until the process ends, so what is
  // asked is whether it is in effect. Hence the name without _total, which counters alone have.
  MetricFamily fallback = {"diffuser_kernel_fallback",
                           "1 while something slower than was hoped for computes, by its reason.",
                           MetricType::Gauge,
                           {}};
  Devices devices;
  std::map<std::string, bool> fallbacks;
  std::shared_ptr<const Nvml> nvml;
  {
    const std::lock_guard lock(mutex_);
    devices = devices_;
    fallbacks = fallbacks_;
    nvml = nvml_;
  }
  for (const char* reason : kReasons) fallbacks.emplace(reason, false);
  for (const auto& [reason, in_effect] : fallbacks) {
    fallback.metric.push_back(Gauge("reason", reason, in_effect ? 1 : 0));
  }
  std::vector<MetricFamily> families = {std::move(fallback)};
  AppendState(devices, families);
  AppendReadings(devices, nvml.get(), families);
  AppendParts(devices, families);
  return families;
}

void DeviceMetrics::AppendState(const Devices& devices, std::vector<MetricFamily>& families) {
  MetricFamily healthy = {"diffuser_device_healthy",
                          "1 while models compute on the device, 0 once it has failed.",
                          MetricType::Gauge,
                          {}};
  MetricFamily failures = {"diffuser_device_failures_total",
                           "Times that the device has failed for good.",
                           MetricType::Counter,
                           {}};
  for (const auto& [name, device] : devices) {
    healthy.metric.push_back(Gauge("device", name, device.read != nullptr ? 1 : 0));
    failures.metric.push_back(Counter("device", name, static_cast<double>(device.failures)));
  }
  families.push_back(std::move(healthy));
  families.push_back(std::move(failures));
}

void DeviceMetrics::AppendReadings(const Devices& devices, const Nvml* nvml,
                                   std::vector<MetricFamily>& families) {
  const auto gauge = [](const char* name, const char* help) {
    return MetricFamily{name, help, MetricType::Gauge, {}};
  };
  MetricFamily in_flight =
      gauge("diffuser_device_batches_in_flight", "Batches that the device works on.");
  MetricFamily used =
      gauge("diffuser_device_memory_used_bytes", "Memory of the device in use, by all processes.");
  MetricFamily free =
      gauge("diffuser_device_memory_free_bytes", "Memory of the device not in use.");
  MetricFamily utilization =
      gauge("diffuser_device_utilization_ratio",
            "Share of the driver's last sample period in which something ran on the device.");
  for (const auto& [name, device] : devices) {
    if (device.read == nullptr) continue;
    const DeviceReading reading = device.read();
    in_flight.metric.push_back(Gauge("device", name, reading.batches_in_flight));
    if (reading.memory) {
      used.metric.push_back(Gauge("device", name, static_cast<double>(reading.memory->used)));
      free.metric.push_back(Gauge("device", name, static_cast<double>(reading.memory->free)));
    }
    const std::optional<int> index = CudaIndex(name);
    if (!index || nvml == nullptr) continue;
    if (const std::optional<double> ratio = nvml->Utilization(*index)) {
      utilization.metric.push_back(Gauge("device", name, *ratio));
    }
  }
  for (MetricFamily* family : {&in_flight, &used, &free, &utilization}) {
    if (!family->metric.empty()) families.push_back(std::move(*family));
  }
}

void DeviceMetrics::AppendParts(const Devices& devices, std::vector<MetricFamily>& families) {
  MetricFamily parts = {"diffuser_device_part_duration_seconds",
                        "One part of a batch on the device; a sample of the batches.",
                        MetricType::Summary,
                        {}};
  for (const auto& [name, device] : devices) {
    for (const auto& [part, sum] : device.parts) {
      ClientMetric metric = Labelled("device", name);
      metric.label.push_back({"part", part});
      metric.summary.sample_count = sum.count;
      metric.summary.sample_sum = sum.seconds;
      parts.metric.push_back(std::move(metric));
    }
  }
  if (!parts.metric.empty()) families.push_back(std::move(parts));
}

}  // namespace diffuser::metrics
