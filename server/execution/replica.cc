#include "server/execution/replica.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace diffuser::execution {
namespace {

using batching::BatchedResult;
using batching::ComputeGate;
using batching::Request;

ReplicaParts WithOwnBudget(ReplicaParts parts) {
  parts.limits.budget_tokens =
      std::min(parts.limits.budget_tokens, parts.classifier->max_batch_tokens());
  return parts;
}

}  // namespace

Replica::Replica(ReplicaParts parts)
    : parts_(WithOwnBudget(std::move(parts))),
      executor_(parts_.classifier, parts_.observer, parts_.now),
      loop_(parts_.queue, parts_.gate, parts_.limits, parts_.now,
            [this](std::vector<Request> batch, ComputeGate::Pass pass) {
              Serve(std::move(batch), std::move(pass));
            }) {}

// The path after the queue: execute, respond. Other batches may compute while this one responds.
void Replica::Serve(std::vector<Request> batch, ComputeGate::Pass pass) {
  std::vector<absl::StatusOr<BatchedResult>> results = executor_.Run(batch);
  const bool failed =
      std::any_of(results.begin(), results.end(), [](const auto& result) { return !result.ok(); });
  if (failed) {
    if (const absl::Status health = classifier().health(); !health.ok()) {
      Retire();
      if (parts_.on_lost) parts_.on_lost(health);
    }
  }
  pass.Leave();
  for (size_t i = 0; i < batch.size(); ++i) std::move(batch[i].done).Answer(std::move(results[i]));
}

}  // namespace diffuser::execution
