#include "server/models/serving.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/pipeline/document_pipeline.h"

namespace diffuser::models {

using batching::RequestQueue;
using model::Classifier;
using pipeline::DocumentPipeline;

Serving::Serving(const ServingOptions& options, ModelFactories factories, ServingEvents* events,
                 batching::Clock now)
    : options_(options),
      events_(events),
      now_(std::move(now)),
      pool_(std::make_shared<pipeline::TokenizerPool>(options.tokenizer_pool)),
      loader_(std::move(factories), options.passes_over_devices, events) {}

Serving::~Serving() { Drain(absl::InfinitePast()); }

absl::StatusOr<std::shared_ptr<const ServedModel>> Serving::Load(const ModelSpec& spec) {
  const absl::Time begin = now_();
  absl::StatusOr<LoadedCheckpoint> checkpoint = loader_.Load(spec);
  if (!checkpoint.ok()) return checkpoint.status();
  return StartServing(spec, *std::move(checkpoint), begin);
}

absl::StatusOr<std::shared_ptr<const ServedModel>> Serving::StartServing(
    const ModelSpec& spec, LoadedCheckpoint checkpoint, absl::Time load_begin) {
  const auto observer = loader_.MakeObserver(spec);
  const auto queue = std::make_shared<RequestQueue>(options_.queue, observer);
  const model::ModelConfig& config = checkpoint.classifiers.front()->config();
  const auto path =
      std::make_shared<DocumentPipeline>(pipeline::PipelineParts{.config = config,
                                                                 .tokenizer = checkpoint.tokenizer,
                                                                 .pool = pool_,
                                                                 .queue = queue,
                                                                 .observer = observer,
                                                                 .now = now_});
  const auto set = std::make_shared<ReplicaSet>(
      ReplicaSet::Parts{.spec = spec,
                        .queue = queue,
                        .observer = observer,
                        .limits = options_.batch,
                        .now = now_,
                        .on_lost = [this](const std::string& device, const absl::Status& health) {
                          OnLost(device, health);
                        }});
  {
    const std::lock_guard lock(mutex_);
    if (draining_) return absl::UnavailableError("the server is draining");
    sets_.push_back(set);
  }
  for (const auto& classifier : checkpoint.classifiers) AddReplica(*set, classifier);
  return std::make_shared<const ServedModel>(
      ServedModel{.config = config,
                  .replicas = set->Summarize(),
                  .has_tokenizer = checkpoint.tokenizer != nullptr,
                  .load_time = now_() - load_begin,
                  .pipeline = path});
}

void Serving::AddReplica(ReplicaSet& set, const std::shared_ptr<const Classifier>& classifier) {
  const auto gate = loader_.GateOf(*classifier);
  const std::string device = classifier->device();
  events_->OnDevice(device, [gate, weak = std::weak_ptr<const Classifier>(classifier)] {
    metrics::DeviceReading reading{.batches_in_flight = gate->inside(), .memory = std::nullopt};
    const auto alive = weak.lock();
    if (alive != nullptr && alive->health().ok()) reading.memory = alive->device_memory();
    return reading;
  });
  const int budget_tokens = set.Add(classifier, gate);
  if (budget_tokens < options_.batch.budget_tokens) {
    events_->OnLoweredBudget(set.spec(), device, budget_tokens);
  }
}

Condition Serving::condition() const {
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return Condition::kFailed;
  }
  const ReplicaSets sets = Sets();
  const bool served =
      std::all_of(sets.begin(), sets.end(), [](const auto& set) { return set->IsServed(); });
  return served ? Condition::kServed : Condition::kUnserved;
}

Serving::ReplicaSets Serving::Sets() const {
  const std::lock_guard lock(mutex_);
  return sets_;
}

// On a thread that computes, perhaps on several at once. Every one of them asks for a recovery,
// which finds nothing to do after the first: a model may have come to the device meanwhile.
void Serving::OnLost(const std::string& device, const absl::Status& health) {
  const bool exits = options_.on_device_failure == OnDeviceFailure::kExit;
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    is_news = lost_.insert(device).second;
    failed_ = failed_ || exits;
  }
  const ReplicaSets sets = Sets();
  for (const auto& set : sets) {
    set->RetireOn(device);
    if (exits && !set->IsServed()) set->Abandon();
  }
  if (is_news) events_->OnDeviceLost(device, health);
  for (const auto& set : sets) TellReplicas(*set);
  const std::lock_guard lock(mutex_);
  if (exits || ended_) return;
  recoveries_.push_back(std::async(std::launch::async, [this, device] { Recover(device); }));
}

// All of the device's replicas are ended before the first is made anew, so that none of them can
// take the new ones for lost.
void Serving::Recover(const std::string& device) {
  const std::lock_guard one_at_a_time(recovering_);
  ReplicaSets without;
  for (const auto& set : Sets()) {
    if (set->RemoveRetired(device)) without.push_back(set);
  }
  if (without.empty()) return;
  bool is_first_time = false;
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    is_first_time = reloaded_.insert(device).second;
    if (is_first_time) lost_.erase(device);
  }
  for (const auto& set : without) {
    const absl::Status reloaded =
        is_first_time ? Reload(*set, device)
                      : absl::UnavailableError("it has failed again after it was reloaded");
    if (!reloaded.ok() && !set->IsServed()) FallBack(*set, device, reloaded);
    TellReplicas(*set);
  }
}

void Serving::TellReplicas(const ReplicaSet& set) {
  const std::lock_guard in_order(telling_);
  events_->OnReplicas(set.spec(), set.Summarize());
}

absl::Status Serving::Reload(ReplicaSet& set, const std::string& device) {
  const auto classifier = loader_.LoadOn(set.spec(), device);
  events_->OnReload(set.spec(), device, classifier.status());
  if (!classifier.ok()) return classifier.status();
  AddReplica(set, *classifier);
  return absl::OkStatus();
}

void Serving::FallBack(ReplicaSet& set, const std::string& device, const absl::Status& why) {
  events_->OnFallback(
      {.reason = "device_lost",
       .details = absl::StrCat("model ", set.spec().name, " version ", set.spec().version, " on ",
                               device, ": ", why.message(), "; it goes to the CPU")});
  if (Reload(set, "cpu").ok()) return;
  {
    const std::lock_guard lock(mutex_);
    failed_ = true;
  }
  set.Abandon();
}

// In the order of a request's path, so that what has been tokenized can still be queued. Token ids
// may come in until the queues close. A device's recovery may still serve what waits.
void Serving::Drain(absl::Time deadline) {
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
  }
  const ReplicaSets sets = Sets();
  pool_->Drain(deadline);
  for (const auto& set : sets) set->Close();
  for (const auto& set : sets) set->Finish(deadline);
  std::vector<std::future<void>> recoveries;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    recoveries.swap(recoveries_);
  }
  recoveries.clear();  // waits for them
  for (const auto& set : sets) set->End();
}

}  // namespace diffuser::models
