#ifndef DIFFUSER_SERVER_EXECUTION_REPLICA_H_
#define DIFFUSER_SERVER_EXECUTION_REPLICA_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "model/classifier.h"
#include "server/batching/batch_loop.h"
#include "server/batching/clock.h"
#include "server/batching/compute_gate.h"
#include "server/batching/policy.h"
#include "server/batching/request.h"
#include "server/batching/request_queue.h"
#include "server/execution/executor.h"
#include "server/metrics/serving_observer.h"

namespace diffuser::execution {

struct ReplicaParts {
  std::shared_ptr<const model::Classifier> classifier;
  std::shared_ptr<batching::RequestQueue> queue;  // of the model, shared by its replicas
  std::shared_ptr<batching::ComputeGate> gate;    // of the device, shared by its models
  std::shared_ptr<metrics::ServingObserver> observer;
  batching::BatchLimits limits;  // the classifier's own token budget lowers theirs
  batching::Clock now;
  // Told that the device has failed for good, with its health, once the replica is retired; by
  // every batch that finds it so, on a thread of the replica, within the gate. May be null.
  std::function<void(const absl::Status& health)> on_lost = nullptr;
};

// One model on one device: takes batches off the model's queue, as many at once as the device works
// on, computes and answers them.
//
// A device that fails for good (Classifier::health) takes the batches with it that are computed on
// it: each of their requests is answered INTERNAL. Nothing more is taken off the queue then.
class Replica {
 public:
  explicit Replica(ReplicaParts parts);

  // REQUIRES: not started yet.
  void Start() { loop_.Start(parts_.classifier->concurrency()); }

  // As BatchLoop::Step.
  bool Step() { return loop_.Step(); }

  // Takes nothing off the queue any more. From any thread. Destruction waits for what was taken.
  void Retire() { loop_.Retire(); }
  bool is_retired() const { return loop_.is_retired(); }

  const model::Classifier& classifier() const { return *parts_.classifier; }
  const batching::BatchLimits& limits() const { return parts_.limits; }

 private:
  void Serve(std::vector<batching::Request> batch, batching::ComputeGate::Pass pass);

  const ReplicaParts parts_;
  const Executor executor_;
  batching::BatchLoop loop_;
};

}  // namespace diffuser::execution

#endif  // DIFFUSER_SERVER_EXECUTION_REPLICA_H_
