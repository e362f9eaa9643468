#ifndef DIFFUSER_SERVER_METRICS_PROCESS_COLLECTOR_H_
#define DIFFUSER_SERVER_METRICS_PROCESS_COLLECTOR_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <utility>
#include <vector>

namespace diffuser::metrics {

// The process metrics that every Prometheus client gives (process_cpu_seconds_total and the like),
// read from `proc`/self at each scrape. What cannot be read is left out. Thread-safe.
class ProcessCollector : public prometheus::Collectable {
 public:
  explicit ProcessCollector(std::string proc = "/proc") : proc_(std::move(proc)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  std::string proc_;
};

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_PROCESS_COLLECTOR_H_
