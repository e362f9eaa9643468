#include "server/models/serving.h"

#include <utility>

#include "absl/status/status.h"
#include "server/execution/executor.h"
#include "server/execution/warm_up.h"
#include "server/pipeline/document_pipeline.h"

namespace diffuser::models {

using batching::BatchLoop;
using batching::ComputeGate;
using batching::Request;
using batching::RequestQueue;
using pipeline::DocumentPipeline;

Serving::Serving(const ServingOptions& options, ModelFactories factories, batching::Clock now)
    : options_(options),
      factories_(std::move(factories)),
      now_(std::move(now)),
      gate_(std::make_shared<ComputeGate>()),
      pool_(std::make_shared<pipeline::TokenizerPool>(options.tokenizer_pool)) {}

Serving::~Serving() { Drain(absl::InfinitePast()); }

absl::StatusOr<std::shared_ptr<const ServedModel>> Serving::Load(const ModelSpec& spec) {
  const absl::Time begin = now_();
  absl::StatusOr<LoadedCheckpoint> checkpoint = LoadCheckpoint(spec, factories_);
  if (!checkpoint.ok()) return checkpoint.status();
  {
    const ComputeGate::Pass pass = gate_->Enter();
    absl::Status warm = execution::WarmUp(*checkpoint->classifier);
    if (!warm.ok()) return warm;
  }
  return StartServing(spec, *std::move(checkpoint), begin);
}

absl::StatusOr<std::shared_ptr<const ServedModel>> Serving::StartServing(
    const ModelSpec& spec, LoadedCheckpoint checkpoint, absl::Time load_begin) {
  const auto observer = factories_.make_observer(spec);
  const auto queue = std::make_shared<RequestQueue>(options_.queue, options_.batch, observer);
  const auto path = std::make_shared<DocumentPipeline>(pipeline::PipelineParts{
      .tokenizer = checkpoint.tokenizer,
      .pool = pool_,
      .queue = queue,
      .executor = std::make_shared<execution::Executor>(checkpoint.classifier, observer, now_),
      .observer = observer,
      .now = now_});
  auto loop = std::make_unique<BatchLoop>(
      queue, gate_, now_, [path](std::vector<Request> batch, ComputeGate::Pass pass) {
        path->ServeBatch(std::move(batch), std::move(pass));
      });
  {
    const std::lock_guard lock(mutex_);
    if (draining_) return absl::UnavailableError("the server is draining");
    loop->Start();
    loops_.push_back(std::move(loop));
  }
  return std::make_shared<const ServedModel>(
      ServedModel{.config = checkpoint.classifier->config(),
                  .device = checkpoint.classifier->device(),
                  .precision = model::PrecisionName(checkpoint.classifier->precision()),
                  .has_tokenizer = checkpoint.tokenizer != nullptr,
                  .load_time = now_() - load_begin,
                  .pipeline = path});
}

// In the order of a request's path, so that what has been tokenized can still be queued. Token ids
// may come in until the queues close.
void Serving::Drain(absl::Time deadline) {
  std::vector<std::unique_ptr<BatchLoop>> loops;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    loops.swap(loops_);
  }
  pool_->Drain(deadline);
  for (const auto& loop : loops) loop->Close();
  for (const auto& loop : loops) loop->Drain(deadline);
}

}  // namespace diffuser::models
