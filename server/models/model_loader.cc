#include "server/models/model_loader.h"

#include <algorithm>
#include <future>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/execution/warm_up.h"

namespace diffuser::models {
namespace {

using batching::ComputeGate;
using model::Classifier;

constexpr char kCpu[] = "cpu";

// Whether another device may do what this one cannot.
bool IsOfTheDevice(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) || absl::IsResourceExhausted(status);
}

model::Fallback PassedOver(const ModelSpec& spec, const std::string& device,
                           const absl::Status& status) {
  return {.reason = absl::IsResourceExhausted(status) ? "no_memory" : "load_failed",
          .details = absl::StrCat("model ", spec.name, " version ", spec.version, " on ", device,
                                  ": ", status.message())};
}

absl::Status CheckHead(const ModelSpec& spec, const model::ModelConfig& config) {
  if (config.head == model::HeadKind::kClassification) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      spec.directory, ": is a masked language model; a classification checkpoint is needed"));
}

absl::Status CheckVocabulary(const ModelSpec& spec, const tokenizer::Tokenizer& tokenizer,
                             const model::ModelConfig& config) {
  if (tokenizer.vocab_size() <= config.vocab_size) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(spec.directory, ": the tokenizer's vocabulary of ", tokenizer.vocab_size(),
                   " is larger than the model's vocab_size of ", config.vocab_size));
}

}  // namespace

absl::StatusOr<LoadedCheckpoint> ModelLoader::Load(const ModelSpec& spec) {
  // Large vocabularies take as long to read as the weights.
  auto tokenizer_to_come =
      std::async(std::launch::async, factories_.load_tokenizer, spec.directory);
  auto classifiers = LoadOnAll(spec);
  auto tokenizer = tokenizer_to_come.get();
  if (!classifiers.ok()) return classifiers.status();
  if (absl::IsNotFound(tokenizer.status())) {
    return LoadedCheckpoint{*std::move(classifiers), nullptr};
  }
  if (!tokenizer.ok()) return tokenizer.status();
  const absl::Status fits = CheckVocabulary(spec, **tokenizer, classifiers->front()->config());
  if (!fits.ok()) return fits;
  return LoadedCheckpoint{*std::move(classifiers), *std::move(tokenizer)};
}

absl::StatusOr<std::vector<std::string>> ModelLoader::Devices() {
  const std::lock_guard lock(mutex_);
  if (!devices_) devices_ = factories_.find_devices();
  return *devices_;
}

absl::StatusOr<ModelLoader::Classifiers> ModelLoader::LoadOnAll(const ModelSpec& spec) {
  auto devices = Devices();
  if (!devices.ok()) return devices.status();
  Classifiers classifiers;
  for (const std::string& device : *devices) {
    auto classifier = LoadOn(spec, device);
    if (classifier.ok()) {
      classifiers.push_back(*std::move(classifier));
    } else if (passes_over_ && device != kCpu && IsOfTheDevice(classifier.status())) {
      events_->OnFallback(PassedOver(spec, device, classifier.status()));
    } else {
      return classifier.status();
    }
  }
  if (!classifiers.empty()) return classifiers;
  auto on_cpu = LoadOn(spec, kCpu);
  if (!on_cpu.ok()) return on_cpu.status();
  return Classifiers{*std::move(on_cpu)};
}

absl::StatusOr<std::shared_ptr<const Classifier>> ModelLoader::LoadOn(const ModelSpec& spec,
                                                                      const std::string& device) {
  auto classifier = factories_.load_classifier(spec, device);
  if (!classifier.ok()) return classifier.status();
  if (absl::Status status = CheckHead(spec, (*classifier)->config()); !status.ok()) return status;
  const std::shared_ptr<ComputeGate> gate = GateOf(**classifier);
  const ComputeGate::Pass pass = gate->Enter();
  if (absl::Status warm = execution::WarmUp(**classifier); !warm.ok()) return warm;
  return classifier;
}

std::shared_ptr<ComputeGate> ModelLoader::GateOf(const Classifier& classifier) {
  const std::lock_guard lock(mutex_);
  std::shared_ptr<ComputeGate>& gate = gates_[classifier.device()];
  if (gate == nullptr) gate = std::make_shared<ComputeGate>(classifier.concurrency());
  return gate;
}

}  // namespace diffuser::models
