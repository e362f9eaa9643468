#ifndef DIFFUSER_SERVER_MODELS_REPLICA_SET_H_
#define DIFFUSER_SERVER_MODELS_REPLICA_SET_H_

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "model/classifier.h"
#include "server/batching/clock.h"
#include "server/batching/compute_gate.h"
#include "server/batching/policy.h"
#include "server/batching/request_queue.h"
#include "server/execution/replica.h"
#include "server/metrics/serving_observer.h"
#include "server/models/model_registry.h"

namespace diffuser::models {

// One model's queue, and the replicas that take from it, each on a device of its own.
//
// What waits in the queue is lost to no replica: it waits for the next one that is there, until the
// set is drained or abandoned. Thread-safe.
class ReplicaSet {
 public:
  struct Parts {
    ModelSpec spec;
    std::shared_ptr<batching::RequestQueue> queue;
    std::shared_ptr<metrics::ServingObserver> observer;
    batching::BatchLimits limits;
    batching::Clock now;
    // As ReplicaParts::on_lost, with the device.
    std::function<void(const std::string& device, const absl::Status& health)> on_lost;
  };

  explicit ReplicaSet(Parts parts) : parts_(std::move(parts)) {}

  // Abandons what is queued, and waits for what is being computed.
  ~ReplicaSet();
  ReplicaSet(const ReplicaSet&) = delete;
  ReplicaSet& operator=(const ReplicaSet&) = delete;

  const ModelSpec& spec() const { return parts_.spec; }

  // Begins to serve on the classifier's device, too; returns the token budget of its batches.
  int Add(std::shared_ptr<const model::Classifier> classifier,
          std::shared_ptr<batching::ComputeGate> gate);

  // Those on the device take no more batches. Returns at once.
  void RetireOn(const std::string& device);

  // Ends the retired replicas of the device and lets go of their classifiers; whether there were
  // any. Blocks: while they compute.
  bool RemoveRetired(const std::string& device);

  // Whether any replica takes batches.
  bool IsServed() const;
  // Of those that do.
  ReplicaSummary Summarize() const;

  // Refuses new documents (UNAVAILABLE); those that wait are still computed.
  void Close() { parts_.queue->Close(); }
  // Closes, and answers what waits UNAVAILABLE, on this thread.
  void Abandon() { parts_.queue->Abandon(); }
  // Closes, and abandons what still waits when the wall clock reaches `deadline`. Blocks: until
  // nothing waits.
  void Finish(absl::Time deadline);
  // Ends all replicas. Blocks: while they compute.
  void End();

 private:
  using Replicas = std::vector<std::unique_ptr<execution::Replica>>;

  const Parts parts_;
  mutable std::mutex mutex_;
  Replicas replicas_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace diffuser::models

#endif  // DIFFUSER_SERVER_MODELS_REPLICA_SET_H_
