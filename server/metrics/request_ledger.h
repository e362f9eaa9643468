#ifndef DIFFUSER_SERVER_METRICS_REQUEST_LEDGER_H_
#define DIFFUSER_SERVER_METRICS_REQUEST_LEDGER_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"

namespace diffuser::metrics {

// Counts requests by method and model, behind one mutex and collected in one step, so that at every
// scrape, for every method and model:
//
//   received == sum of completed over codes + in flight, and
//   sum of completed over codes == count of the duration histogram.
//
// One unary call is one request, whatever it holds; a streaming call is none, but each of its
// documents is one. Thread-safe.
class RequestLedger : public prometheus::Collectable {
 public:
  // Makes the series of this method and model exist, at 0.
  void Declare(std::string_view method, std::string_view model);

  // A request has arrived. `model` is a configured model's name, or "" for all others: the labels
  // must stay few.
  void Receive(std::string_view method, std::string_view model);

  // It has been answered, with the gRPC code of this name ("OK", "INVALID_ARGUMENT", ...), after
  // `time`. REQUIRES: a Receive of the same method and model that was not completed yet.
  void Complete(std::string_view method, std::string_view model, std::string_view code,
                absl::Duration time);

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  struct Series {
    Series();
    uint64_t received = 0;
    int64_t in_flight = 0;
    std::map<std::string, uint64_t, std::less<>> completed;  // by code
    std::vector<uint64_t> durations;  // by bucket, the last one without bound
    double seconds = 0;
  };
  using Key = std::pair<std::string, std::string>;  // method, model

  Series& At(std::string_view method, std::string_view model) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Append(const Key& key, const Series& series,
                     std::vector<prometheus::MetricFamily>& families);

  mutable std::mutex mutex_;
  std::map<Key, Series> series_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_REQUEST_LEDGER_H_
