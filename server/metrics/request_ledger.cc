#include "server/metrics/request_ledger.h"

#include <algorithm>

#include "server/metrics/buckets.h"

namespace diffuser::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

// The families, in the order that Collect gives them in.
enum { kReceived, kCompleted, kInFlight, kDuration };

std::vector<MetricFamily> EmptyFamilies() {
  return {{"diffuser_requests_received_total",
           "Requests received. A unary call, ClassifyBatch included, is one request; in "
           "ClassifyStream each "
           "document is one. At every scrape: received = completed over all codes + in flight.",
           MetricType::Counter,
           {}},
          {"diffuser_requests_completed_total",
           "Requests answered, by gRPC code.",
           MetricType::Counter,
           {}},
          {"diffuser_requests_in_flight",
           "Requests received and not answered yet.",
           MetricType::Gauge,
           {}},
          {"diffuser_request_duration_seconds",
           "From a request's arrival to its answer, whatever the code.",
           MetricType::Histogram,
           {}}};
}

ClientMetric Labelled(std::string_view method, std::string_view model) {
  ClientMetric metric;
  metric.label = {{"method", std::string(method)}, {"model", std::string(model)}};
  return metric;
}

}  // namespace

RequestLedger::Series::Series() : completed{{"OK", 0}}, durations(SecondsBuckets().size() + 1) {}

RequestLedger::Series& RequestLedger::At(std::string_view method, std::string_view model) {
  return series_[Key(method, model)];
}

void RequestLedger::Declare(std::string_view method, std::string_view model) {
  const std::lock_guard lock(mutex_);
  At(method, model);
}

void RequestLedger::Receive(std::string_view method, std::string_view model) {
  const std::lock_guard lock(mutex_);
  Series& series = At(method, model);
  ++series.received;
  ++series.in_flight;
}

void RequestLedger::Complete(std::string_view method, std::string_view model, std::string_view code,
                             absl::Duration time) {
  const double seconds = absl::ToDoubleSeconds(time);
  const std::vector<double>& bounds = SecondsBuckets();
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
  const std::lock_guard lock(mutex_);
  Series& series = At(method, model);
  --series.in_flight;
  const auto completed = series.completed.find(code);
  if (completed != series.completed.end()) {
    ++completed->second;
  } else {
    series.completed.emplace(code, 1);
  }
  ++series.durations[bucket];
  series.seconds += seconds;
}

void RequestLedger::Append(const Key& key, const Series& series,
                           std::vector<MetricFamily>& families) {
  ClientMetric metric = Labelled(key.first, key.second);
  metric.counter.value = static_cast<double>(series.received);
  families[kReceived].metric.push_back(metric);

  for (const auto& [code, count] : series.completed) {
    ClientMetric completed = Labelled(key.first, key.second);
    completed.label.push_back({"code", code});
    completed.counter.value = static_cast<double>(count);
    families[kCompleted].metric.push_back(std::move(completed));
  }

  metric.gauge.value = static_cast<double>(series.in_flight);
  families[kInFlight].metric.push_back(metric);

  for (size_t i = 0; i < SecondsBuckets().size(); ++i) {
    metric.histogram.sample_count += series.durations[i];
    metric.histogram.bucket.push_back({metric.histogram.sample_count, SecondsBuckets()[i]});
  }
  metric.histogram.sample_count += series.durations.back();
  metric.histogram.sample_sum = series.seconds;
  families[kDuration].metric.push_back(std::move(metric));
}

std::vector<MetricFamily> RequestLedger::Collect() const {
  std::vector<MetricFamily> families = EmptyFamilies();
  const std::lock_guard lock(mutex_);
  for (const auto& [key, series] : series_) Append(key, series, families);
  return families;
}

}  // namespace diffuser::metrics
