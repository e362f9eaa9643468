#ifndef DIFFUSER_SERVER_METRICS_METRICS_H_
#define DIFFUSER_SERVER_METRICS_METRICS_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/metrics/serving_observer.h"

namespace prometheus {
class Collectable;
}

namespace diffuser::metrics {

class DeviceMetrics;
class RequestLedger;

// Every metric of the server, by its documented name. Labels are bounded: `model` is a configured
// model's name, or "" where a request named none of them.
//
// Owns what is measured; AddModel's observers must not outlive it. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // The requests of all models.
  RequestLedger& requests() { return *requests_; }

  // The devices that models compute on.
  DeviceMetrics& devices() { return *devices_; }

  // Makes the series of a model exist, not loaded, and returns what its request path reports to.
  // Versions of one model share the series that have no `version` label.
  std::shared_ptr<ServingObserver> AddModel(std::string_view model, std::string_view version);

  void SetModelLoaded(std::string_view model, std::string_view version, bool loaded);
  void SetModelLoadTime(std::string_view model, std::string_view version, absl::Duration time);

  // A document refused before it reached a model's request path.
  void CountRejected(std::string_view model, RejectReason reason);

  void SetBuildInfo(std::string_view version, std::string_view revision, std::string_view compiler);

  // What a scrape asks, in order.
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables() const;

  // What a scrape would give now, in Prometheus' text format.
  std::string Expose() const;

 private:
  struct Families;

  std::shared_ptr<RequestLedger> requests_;
  std::shared_ptr<DeviceMetrics> devices_;
  std::shared_ptr<prometheus::Collectable> process_;
  std::unique_ptr<Families> families_;
};

// Serves /metrics of one Metrics over HTTP until it is destroyed.
class MetricsEndpoint {
 public:
  // Listens on `address`, HOST:PORT or [HOST]:PORT; port 0 takes a free one.
  // Errors: UNAVAILABLE naming the address (it is in use, or not this machine's).
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(const std::string& address,
                                                                const Metrics& metrics);
  virtual ~MetricsEndpoint() = default;

  virtual int port() const = 0;
};

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_METRICS_H_
