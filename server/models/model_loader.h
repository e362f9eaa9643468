#ifndef DIFFUSER_SERVER_MODELS_MODEL_LOADER_H_
#define DIFFUSER_SERVER_MODELS_MODEL_LOADER_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "model/classifier.h"
#include "model/tokenizer/tokenizer.h"
#include "server/batching/compute_gate.h"
#include "server/metrics/serving_observer.h"
#include "server/models/model_registry.h"
#include "server/models/serving_events.h"

namespace diffuser::models {

// How the parts of a model are made; the server gives model::FindDevices, model::Classifier::Load
// and tokenizer::Tokenizer::Load, tests give fakes.
struct ModelFactories {
  // The devices of --device, at least one. Called once.
  std::function<absl::StatusOr<std::vector<std::string>>()> find_devices;
  std::function<absl::StatusOr<std::shared_ptr<const model::Classifier>>(const ModelSpec& spec,
                                                                         const std::string& device)>
      load_classifier;
  std::function<absl::StatusOr<std::unique_ptr<const tokenizer::Tokenizer>>(
      const std::string& directory)>
      load_tokenizer;
  std::function<std::shared_ptr<metrics::ServingObserver>(const ModelSpec& spec)> make_observer;
};

// A checkpoint whose parts fit together.
struct LoadedCheckpoint {
  std::vector<std::shared_ptr<const model::Classifier>> classifiers;  // at least one, warmed up
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer;              // null: it has none
};

// Loads checkpoints onto the devices, and keeps the gate of each device. Thread-safe.
class ModelLoader {
 public:
  // `passes_over` (--device=auto): a device that a model cannot be loaded on, for want of memory or
  // of what the model needs, is passed over for the next one, and the CPU is the last; otherwise
  // the model cannot be loaded. `events` must outlive the loader.
  ModelLoader(ModelFactories factories, bool passes_over, ServingEvents* events)
      : factories_(std::move(factories)), passes_over_(passes_over), events_(events) {}

  // Loads the model on every device. Blocks: for that, and the warm-ups.
  // Errors: those of the factories (but a checkpoint without a tokenizer is not one) and WarmUp;
  // INVALID_ARGUMENT (a masked-LM checkpoint, which has nothing to classify with; or a tokenizer
  // that gives ids outside the model's vocabulary).
  absl::StatusOr<LoadedCheckpoint> Load(const ModelSpec& spec);

  // Loads the model on one device and warms it up there, which takes its turn with the batches of
  // the models that serve. Blocks: for that. Errors: as Load.
  absl::StatusOr<std::shared_ptr<const model::Classifier>> LoadOn(const ModelSpec& spec,
                                                                  const std::string& device);

  // The gate of the classifier's device, with the permits that the first one there asked for.
  std::shared_ptr<batching::ComputeGate> GateOf(const model::Classifier& classifier);

  std::shared_ptr<metrics::ServingObserver> MakeObserver(const ModelSpec& spec) const {
    return factories_.make_observer(spec);
  }

 private:
  using Classifiers = std::vector<std::shared_ptr<const model::Classifier>>;

  absl::StatusOr<std::vector<std::string>> Devices();
  absl::StatusOr<Classifiers> LoadOnAll(const ModelSpec& spec);

  const ModelFactories factories_;
  const bool passes_over_;
  ServingEvents* const events_;

  std::mutex mutex_;
  std::optional<absl::StatusOr<std::vector<std::string>>> devices_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::shared_ptr<batching::ComputeGate>> gates_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace diffuser::models

#endif  // DIFFUSER_SERVER_MODELS_MODEL_LOADER_H_
