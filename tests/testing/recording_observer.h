#ifndef DIFFUSER_TESTS_TESTING_RECORDING_OBSERVER_H_
#define DIFFUSER_TESTS_TESTING_RECORDING_OBSERVER_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "server/metrics/serving_observer.h"

namespace diffuser::testing {

// Keeps what it is told. Thread-safe.
class RecordingObserver final : public metrics::ServingObserver {
 public:
  struct Record {
    std::map<metrics::RejectReason, int> rejected;
    std::map<metrics::DropReason, int> dropped;
    std::vector<absl::Duration> waited;
    std::vector<std::pair<int, int>> batches;            // documents, tokens
    std::vector<std::pair<int64_t, int64_t>> documents;  // tokens seen, used
    int texts = 0;
    int64_t queue_documents = 0;  // as told last
    int64_t queue_tokens = 0;
  };

  Record record() const {
    const std::lock_guard lock(mutex_);
    return record_;
  }

  void OnTokenized(int64_t, absl::Duration) override {
    const std::lock_guard lock(mutex_);
    ++record_.texts;
  }
  void OnDocument(int64_t seen, int64_t used) override {
    const std::lock_guard lock(mutex_);
    record_.documents.emplace_back(seen, used);
  }
  void OnRejected(metrics::RejectReason reason) override {
    const std::lock_guard lock(mutex_);
    ++record_.rejected[reason];
  }
  void OnDropped(metrics::DropReason reason) override {
    const std::lock_guard lock(mutex_);
    ++record_.dropped[reason];
  }
  void OnQueue(int64_t documents, int64_t tokens) override {
    const std::lock_guard lock(mutex_);
    record_.queue_documents = documents;
    record_.queue_tokens = tokens;
  }
  void OnDequeued(absl::Duration waited) override {
    const std::lock_guard lock(mutex_);
    record_.waited.push_back(waited);
  }
  void OnBatch(int documents, int tokens, absl::Duration) override {
    const std::lock_guard lock(mutex_);
    record_.batches.emplace_back(documents, tokens);
  }

 private:
  mutable std::mutex mutex_;
  Record record_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_RECORDING_OBSERVER_H_
