#ifndef DIFFUSER_SERVER_METRICS_DEVICE_METRICS_H_
#define DIFFUSER_SERVER_METRICS_DEVICE_METRICS_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/metrics/device_reading.h"
#include "server/metrics/nvml.h"

namespace diffuser::metrics {

// What is measured of devices ("cpu", "cuda:0", ...), and what fell back. Memory, utilisation and
// batches in flight are read when somebody scrapes; they are not there for a device that is lost,
// or that does not tell them. Thread-safe.
class DeviceMetrics : public prometheus::Collectable {
 public:
  // Reads a device; called by scrapes, from any thread, without locks held.
  using Read = std::function<DeviceReading()>;

  // Where NVML is, which is opened once a CUDA device is in use.
  explicit DeviceMetrics(Nvml::Libraries libraries = {}) : libraries_(std::move(libraries)) {}

  // The device is in use, and healthy. For a device that is known, a newer `read` takes the place
  // of the older.
  void SetInUse(const std::string& device, Read read);

  // The device has failed.
  void CountFailure(const std::string& device);

  // A part of a batch ran this long on the device. The parts are a few fixed names.
  void AddPart(const std::string& device, std::string_view part, double seconds);

  // A fallback is in effect from now on. Its reasons are a few fixed names.
  void SetFallback(const std::string& reason);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Sum {
    double seconds = 0;
    uint64_t count = 0;
  };
  struct Device {
    Read read = nullptr;  // null while it is lost
    int64_t failures = 0;
    std::map<std::string, Sum, std::less<>> parts;
  };
  using Devices = std::map<std::string, Device>;

  static void AppendState(const Devices& devices, std::vector<prometheus::MetricFamily>& families);
  static void AppendReadings(const Devices& devices, const Nvml* nvml,
                             std::vector<prometheus::MetricFamily>& families);
  static void AppendParts(const Devices& devices, std::vector<prometheus::MetricFamily>& families);

  const Nvml::Libraries libraries_;
  mutable std::mutex mutex_;
  Devices devices_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, bool> fallbacks_ ABSL_GUARDED_BY(mutex_);  // by reason: in effect
  bool opened_nvml_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<const Nvml> nvml_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_DEVICE_METRICS_H_
