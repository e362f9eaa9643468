#ifndef DIFFUSER_SERVER_MODELS_MODEL_LOADER_H_
#define DIFFUSER_SERVER_MODELS_MODEL_LOADER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/classifier.h"
#include "model/tokenizer/tokenizer.h"
#include "server/metrics/serving_observer.h"
#include "server/models/model_registry.h"

namespace diffuser::models {

// How the parts of a model are made; the server gives model::Classifier::Load and
// tokenizer::Tokenizer::Load, tests give fakes.
struct ModelFactories {
  std::function<absl::StatusOr<std::shared_ptr<const model::Classifier>>(const ModelSpec& spec)>
      load_classifier;
  std::function<absl::StatusOr<std::unique_ptr<const tokenizer::Tokenizer>>(
      const std::string& directory)>
      load_tokenizer;
  std::function<std::shared_ptr<metrics::ServingObserver>(const ModelSpec& spec)> make_observer;
};

// A checkpoint whose parts fit together.
struct LoadedCheckpoint {
  std::shared_ptr<const model::Classifier> classifier;
  std::shared_ptr<const tokenizer::Tokenizer> tokenizer;  // null: the checkpoint has none
};

// Blocks: for the time of loading. Errors: those of the factories (but a checkpoint without a
// tokenizer is not one), INVALID_ARGUMENT (a masked-LM checkpoint, which has nothing to classify
// with; or a tokenizer that gives ids outside the model's vocabulary).
absl::StatusOr<LoadedCheckpoint> LoadCheckpoint(const ModelSpec& spec,
                                                const ModelFactories& factories);

}  // namespace diffuser::models

#endif  // DIFFUSER_SERVER_MODELS_MODEL_LOADER_H_
