#ifndef DIFFUSER_SERVER_METRICS_MODEL_OBSERVER_H_
#define DIFFUSER_SERVER_METRICS_MODEL_OBSERVER_H_

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "server/metrics/serving_observer.h"

namespace diffuser::metrics {

// Value of the label `reason`.
const char* ReasonName(RejectReason reason);
const char* ReasonName(DropReason reason);

// The series of one model. Owned by Metrics.
struct ModelSeries {
  prometheus::Histogram* tokenize;
  prometheus::Histogram* queue;
  prometheus::Histogram* compute;
  prometheus::Gauge* queue_tokens;
  prometheus::Gauge* queue_documents;
  prometheus::Histogram* batch_documents;
  prometheus::Histogram* batch_tokens;
  prometheus::Histogram* document_tokens;
  prometheus::Counter* tokens_used;
  prometheus::Counter* tokens_truncated;
  std::array<prometheus::Counter*, 4> rejected;  // by RejectReason
  std::array<prometheus::Counter*, 2> dropped;   // by DropReason
};

// Writes what one version of a model reports into the model's series. Thread-safe.
class ModelObserver : public ServingObserver {
 public:
  explicit ModelObserver(const ModelSeries& series) : series_(series) {}
  ~ModelObserver() override;

  void OnTokenized(int64_t tokens, absl::Duration time) override;
  void OnDocument(int64_t tokens_seen, int64_t tokens_used) override;
  void OnRejected(RejectReason reason) override;
  void OnDropped(DropReason reason) override;
  void OnQueue(int64_t documents, int64_t tokens) override;
  void OnDequeued(absl::Duration waited) override;
  void OnBatch(int documents, int tokens, absl::Duration compute) override;

 private:
  const ModelSeries series_;
  // This version's share of the gauges, which all versions of the model add up to.
  std::atomic<int64_t> queue_documents_ = 0;
  std::atomic<int64_t> queue_tokens_ = 0;
};

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_MODEL_OBSERVER_H_
