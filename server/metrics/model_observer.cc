#include "server/metrics/model_observer.h"

namespace diffuser::metrics {
namespace {

void Move(prometheus::Gauge& gauge, std::atomic<int64_t>& share, int64_t value) {
  gauge.Increment(static_cast<double>(value - share.exchange(value)));
}

}  // namespace

const char* ReasonName(RejectReason reason) {
  switch (reason) {
    case RejectReason::kInvalid:
      return "invalid";
    case RejectReason::kQueueTokens:
      return "queue_tokens";
    case RejectReason::kQueueDocuments:
      return "queue_documents";
    case RejectReason::kDraining:
      return "draining";
  }
  return "";
}

const char* ReasonName(DropReason reason) {
  return reason == DropReason::kExpired ? "expired" : "cancelled";
}

ModelObserver::~ModelObserver() { OnQueue(0, 0); }

void ModelObserver::OnTokenized(int64_t /*tokens*/, absl::Duration time) {
  series_.tokenize->Observe(absl::ToDoubleSeconds(time));
}

void ModelObserver::OnDocument(int64_t tokens_seen, int64_t tokens_used) {
  series_.document_tokens->Observe(static_cast<double>(tokens_seen));
  series_.tokens_used->Increment(static_cast<double>(tokens_used));
  series_.tokens_truncated->Increment(static_cast<double>(tokens_seen - tokens_used));
}

void ModelObserver::OnRejected(RejectReason reason) {
  series_.rejected[static_cast<int>(reason)]->Increment();
}

void ModelObserver::OnDropped(DropReason reason) {
  series_.dropped[static_cast<int>(reason)]->Increment();
}

void ModelObserver::OnQueue(int64_t documents, int64_t tokens) {
  Move(*series_.queue_documents, queue_documents_, documents);
  Move(*series_.queue_tokens, queue_tokens_, tokens);
}

void ModelObserver::OnDequeued(absl::Duration waited) {
  series_.queue->Observe(absl::ToDoubleSeconds(waited));
}

void ModelObserver::OnBatch(int documents, int tokens, absl::Duration compute) {
  series_.batch_documents->Observe(documents);
  series_.batch_tokens->Observe(tokens);
  series_.compute->Observe(absl::ToDoubleSeconds(compute));
}

}  // namespace diffuser::metrics
