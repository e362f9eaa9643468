#include "server/models/replica_set.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_join.h"

namespace diffuser::models {

using execution::Replica;

ReplicaSet::~ReplicaSet() {
  Abandon();
  End();
}

int ReplicaSet::Add(std::shared_ptr<const model::Classifier> classifier,
                    std::shared_ptr<batching::ComputeGate> gate) {
  auto replica = std::make_unique<Replica>(execution::ReplicaParts{
      .classifier = classifier,
      .queue = parts_.queue,
      .gate = std::move(gate),
      .observer = parts_.observer,
      .limits = parts_.limits,
      .now = parts_.now,
      .on_lost = [this, device = classifier->device()](const absl::Status& health) {
        parts_.on_lost(device, health);
      }});
  const int budget_tokens = replica->limits().budget_tokens;
  const std::lock_guard lock(mutex_);
  replicas_.push_back(std::move(replica));
  replicas_.back()->Start();
  return budget_tokens;
}

void ReplicaSet::RetireOn(const std::string& device) {
  const std::lock_guard lock(mutex_);
  for (const auto& replica : replicas_) {
    if (replica->classifier().device() == device) replica->Retire();
  }
}

// Destroyed without the lock: what they compute may end in on_lost.
bool ReplicaSet::RemoveRetired(const std::string& device) {
  Replicas removed;
  {
    const std::lock_guard lock(mutex_);
    const auto kept = std::stable_partition(
        replicas_.begin(), replicas_.end(), [&](const std::unique_ptr<Replica>& replica) {
          return !replica->is_retired() || replica->classifier().device() != device;
        });
    std::move(kept, replicas_.end(), std::back_inserter(removed));
    replicas_.erase(kept, replicas_.end());
  }
  return !removed.empty();
}

bool ReplicaSet::IsServed() const {
  const std::lock_guard lock(mutex_);
  return std::any_of(replicas_.begin(), replicas_.end(),
                     [](const auto& replica) { return !replica->is_retired(); });
}

ReplicaSummary ReplicaSet::Summarize() const {
  std::vector<std::string> devices;
  std::vector<std::string> precisions;
  const auto add = [](std::string name, std::vector<std::string>& names) {
    const bool is_new = std::find(names.begin(), names.end(), name) == names.end();
    if (is_new) names.push_back(std::move(name));
  };
  const std::lock_guard lock(mutex_);
  for (const auto& replica : replicas_) {
    if (replica->is_retired()) continue;
    add(replica->classifier().device(), devices);
    add(model::PrecisionName(replica->classifier().precision()), precisions);
  }
  return {.devices = absl::StrJoin(devices, ","), .precisions = absl::StrJoin(precisions, ",")};
}

void ReplicaSet::Finish(absl::Time deadline) {
  Close();
  parts_.queue->WaitUntilEmpty(deadline);
  Abandon();
}

void ReplicaSet::End() {
  Replicas ended;  // outlives the lock
  const std::lock_guard lock(mutex_);
  ended.swap(replicas_);
}

}  // namespace diffuser::models
