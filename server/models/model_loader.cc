#include "server/models/model_loader.h"

#include <future>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace diffuser::models {

absl::StatusOr<LoadedCheckpoint> LoadCheckpoint(const ModelSpec& spec,
                                                const ModelFactories& factories) {
  // Large vocabularies take as long to read as the weights.
  auto tokenizer_to_come = std::async(std::launch::async, factories.load_tokenizer, spec.directory);
  auto classifier = factories.load_classifier(spec);
  auto tokenizer = tokenizer_to_come.get();
  if (!classifier.ok()) return classifier.status();
  const model::ModelConfig& config = (*classifier)->config();
  if (config.head != model::HeadKind::kClassification) {
    return absl::InvalidArgumentError(absl::StrCat(
        spec.directory, ": is a masked language model; a classification checkpoint is needed"));
  }

  if (absl::IsNotFound(tokenizer.status()))
    return LoadedCheckpoint{*std::move(classifier), nullptr};
  if (!tokenizer.ok()) return tokenizer.status();
  if ((*tokenizer)->vocab_size() > config.vocab_size) {
    return absl::InvalidArgumentError(
        absl::StrCat(spec.directory, ": the tokenizer's vocabulary of ", (*tokenizer)->vocab_size(),
                     " is larger than the model's vocab_size of ", config.vocab_size));
  }
  return LoadedCheckpoint{*std::move(classifier), *std::move(tokenizer)};
}

}  // namespace diffuser::models
