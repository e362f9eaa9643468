#ifndef DIFFUSER_SERVER_MODELS_SERVING_H_
#define DIFFUSER_SERVER_MODELS_SERVING_H_

#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/clock.h"
#include "server/batching/policy.h"
#include "server/batching/request_queue.h"
#include "server/models/model_loader.h"
#include "server/models/model_registry.h"
#include "server/models/replica_set.h"
#include "server/models/serving_events.h"
#include "server/pipeline/tokenizer_pool.h"

namespace diffuser::models {

// What is done about a device that has failed for good.
enum class OnDeviceFailure {
  kExit,    // Condition becomes kFailed; models that no other device serves answer UNAVAILABLE
  kReload,  // its models are loaded again
};

struct ServingOptions {
  pipeline::TokenizerPoolOptions tokenizer_pool;  // shared by all models
  batching::QueueLimits queue;                    // of each model
  batching::BatchLimits batch;                    // of each model, on each device
  bool passes_over_devices = false;               // see ModelLoader
  OnDeviceFailure on_device_failure = OnDeviceFailure::kExit;
};

// Whether the loaded models can be served.
enum class Condition {
  kServed,    // each by one device at least
  kUnserved,  // one is by none, but is being loaded again; its requests wait
  kFailed,    // a device is lost, and the process is to end and be started again
};

// All that runs behind the services: the tokenizer pool and the devices' gates, which the models
// share, and for each model a queue with a replica on every device.
//
//   Serving serving(options, factories, &events, absl::Now);
//   auto model = serving.Load(spec);  // on a loading thread
//   if (model.ok()) registry.SetReady(spec, *model); else registry.SetFailed(spec, model.status());
//   ...
//   serving.Drain(absl::Now() + grace);
//
// A device that fails for good takes the batches with it that were computed on it (INTERNAL), and
// gets no more; other devices go on. With kReload its models are loaded on it once more, in the
// background; where that fails, or the device fails again, a model that no other device serves goes
// to the CPU; where that fails as well, it is as with kExit. Queued requests wait meanwhile.
//
// Owns every thread of the request path. The models it gives may outlive it: then they answer
// UNAVAILABLE. Load and condition are thread-safe; Drain and destruction belong to one owner.
class Serving {
 public:
  // `events` must outlive it.
  Serving(const ServingOptions& options, ModelFactories factories, ServingEvents* events,
          batching::Clock now);

  // Drains without waiting for what is queued.
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  // Loads a model, checks it, warms it up and begins to serve it, on every device.
  // Blocks: for all of that; the warm-up takes its turn with the batches of the models that serve.
  // Errors: those of ModelLoader::Load; UNAVAILABLE once draining.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(const ModelSpec& spec);

  // Every change of it is told by an event: OnDeviceLost or OnReplicas.
  Condition condition() const;

  // Refuses new documents (UNAVAILABLE), finishes those that are under way and ends all threads.
  // What has not begun to be tokenized or computed when the wall clock reaches `deadline` is
  // answered UNAVAILABLE. Blocks: until the threads have ended, so at most for the batches, the
  // texts and the reload under way beyond the deadline. May be called again.
  void Drain(absl::Time deadline);

 private:
  using ReplicaSets = std::vector<std::shared_ptr<ReplicaSet>>;

  absl::StatusOr<std::shared_ptr<const ServedModel>> StartServing(const ModelSpec& spec,
                                                                  LoadedCheckpoint checkpoint,
                                                                  absl::Time load_begin);
  void AddReplica(ReplicaSet& set, const std::shared_ptr<const model::Classifier>& classifier);
  void OnLost(const std::string& device, const absl::Status& health);
  void Recover(const std::string& device);
  absl::Status Reload(ReplicaSet& set, const std::string& device);
  void FallBack(ReplicaSet& set, const std::string& device, const absl::Status& why);
  void TellReplicas(const ReplicaSet& set);
  ReplicaSets Sets() const;

  const ServingOptions options_;
  ServingEvents* const events_;
  const batching::Clock now_;
  const std::shared_ptr<pipeline::TokenizerPool> pool_;
  ModelLoader loader_;

  std::mutex recovering_;  // held while a device's models are reloaded: one device at a time
  std::mutex telling_;     // so that no older OnReplicas comes after a newer one
  mutable std::mutex mutex_;
  ReplicaSets sets_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> lost_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> reloaded_ ABSL_GUARDED_BY(mutex_);  // devices, once each
  std::vector<std::future<void>> recoveries_ ABSL_GUARDED_BY(mutex_);
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;  // nothing is loaded again any more
};

}  // namespace diffuser::models

#endif  // DIFFUSER_SERVER_MODELS_SERVING_H_
