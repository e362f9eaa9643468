#ifndef DIFFUSER_SERVER_MODELS_SERVING_H_
#define DIFFUSER_SERVER_MODELS_SERVING_H_

#include <memory>
#include <mutex>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/batching/batch_loop.h"
#include "server/batching/clock.h"
#include "server/batching/compute_gate.h"
#include "server/batching/policy.h"
#include "server/batching/request_queue.h"
#include "server/models/model_loader.h"
#include "server/models/model_registry.h"
#include "server/pipeline/tokenizer_pool.h"

namespace diffuser::models {

struct ServingOptions {
  pipeline::TokenizerPoolOptions tokenizer_pool;  // shared by all models
  batching::QueueLimits queue;                    // of each model
  batching::BatchLimits batch;                    // of each model
};

// All that runs behind the services: the tokenizer pool and the compute gate that the models share,
// and a queue with its loop for each of them.
//
//   Serving serving(options, factories, absl::Now);
//   auto model = serving.Load(spec);  // on a loading thread
//   if (model.ok()) registry.SetReady(spec, *model); else registry.SetFailed(spec, model.status());
//   ...
//   serving.Drain(absl::Now() + grace);
//
// Owns every thread of the request path. The models it gives may outlive it: then they answer
// UNAVAILABLE. Load is thread-safe; Drain and destruction belong to one owner.
class Serving {
 public:
  Serving(const ServingOptions& options, ModelFactories factories, batching::Clock now);

  // Drains without waiting for what is queued.
  ~Serving();
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  // Loads a model, checks it, warms it up and begins to serve it.
  // Blocks: for all of that; the warm-up takes its turn with the batches of the models that serve.
  // Errors: those of LoadCheckpoint and WarmUp; UNAVAILABLE once draining.
  absl::StatusOr<std::shared_ptr<const ServedModel>> Load(const ModelSpec& spec);

  // Refuses new documents (UNAVAILABLE), finishes those that are under way and ends all threads.
  // What has not begun to be tokenized or computed when the wall clock reaches `deadline` is
  // answered UNAVAILABLE. Blocks: until the threads have ended, so at most for the batch and the
  // texts under way beyond the deadline. May be called again.
  void Drain(absl::Time deadline);

 private:
  absl::StatusOr<std::shared_ptr<const ServedModel>> StartServing(const ModelSpec& spec,
                                                                  LoadedCheckpoint checkpoint,
                                                                  absl::Time load_begin);

  const ServingOptions options_;
  const ModelFactories factories_;
  const batching::Clock now_;
  const std::shared_ptr<batching::ComputeGate> gate_;
  const std::shared_ptr<pipeline::TokenizerPool> pool_;

  std::mutex mutex_;
  std::vector<std::unique_ptr<batching::BatchLoop>> loops_ ABSL_GUARDED_BY(mutex_);
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace diffuser::models

#endif  // DIFFUSER_SERVER_MODELS_SERVING_H_
