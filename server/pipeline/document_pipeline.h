#ifndef DIFFUSER_SERVER_PIPELINE_DOCUMENT_PIPELINE_H_
#define DIFFUSER_SERVER_PIPELINE_DOCUMENT_PIPELINE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/model_config.h"
#include "model/tokenizer/tokenizer.h"
#include "server/batching/clock.h"
#include "server/batching/completion.h"
#include "server/batching/request.h"
#include "server/batching/request_queue.h"
#include "server/metrics/serving_observer.h"
#include "server/pipeline/answer.h"
#include "server/pipeline/pipeline.h"
#include "server/pipeline/tokenizer_pool.h"

namespace diffuser::pipeline {

// What the path of one model's requests leads through. Only the pool is shared between models.
struct PipelineParts {
  model::ModelConfig config;
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer;  // null: the model takes token ids only
  std::shared_ptr<TokenizerPool> pool;
  std::shared_ptr<batching::RequestQueue> queue;
  std::shared_ptr<metrics::ServingObserver> observer;
  batching::Clock now;
};

// The pipeline of the server, up to the queue: Enqueue is the path before it, on a tokenizer thread
// (token ids: on the caller's); execution::Replica is the path after it, on threads of its own, on
// which answers are composed here.
//
// Owned by shared_ptr: a task that waits for a tokenizer thread, or in the queue, keeps the
// pipeline alive until it is answered. Deadline and cancellation are looked at before tokenizing,
// before admission and before compute.
class DocumentPipeline final : public Pipeline,
                               public std::enable_shared_from_this<DocumentPipeline> {
 public:
  // REQUIRES: every part but the tokenizer is there.
  explicit DocumentPipeline(PipelineParts parts) : parts_(std::move(parts)) {}

  void Classify(ClassifyTask task, batching::Completion<ClassifyAnswer> done) override;

 private:
  using Done = batching::Completion<ClassifyAnswer>;

  void Enqueue(ClassifyTask task, Done done, absl::Time received) const;
  absl::StatusOr<PlannedDocument> Plan(ClassifyTask& task, absl::Time received) const;
  std::vector<batching::Request> MakeRequests(PlannedDocument planned, const ClassifyTask& task,
                                              Done done) const;
  void Refuse(absl::Status status, Done done) const;

  const model::ModelConfig& config() const { return parts_.config; }

  const PipelineParts parts_;
};

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_DOCUMENT_PIPELINE_H_
