#ifndef DIFFUSER_MODEL_TRAINING_REPORT_MODEL_CARD_H_
#define DIFFUSER_MODEL_TRAINING_REPORT_MODEL_CARD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "model/model_config.h"
#include "model/training/data/data_description.h"
#include "model/training/evaluation/scores.h"

namespace diffuser::training {

// What a model card says.
struct ModelCardFacts {
  std::string name;           // of the model; the output folder's
  model::ModelConfig config;  // labels, problem type, shape
  DataDescription train, eval;
  std::vector<int64_t> label_documents;  // of the training data, by label index; may be empty
  // The settings in the order to list them, as the command line takes them: {"epochs", "10"}.
  std::vector<std::pair<std::string, std::string>> settings;
  std::optional<Scores> scores = std::nullopt;  // on the evaluation data
  int64_t steps = 0;
  int64_t best_step = 0;  // the step that was kept
  int64_t trained_tokens = 0;
  absl::Duration training_time;
};

// The README.md of a checkpoint: front matter as Hugging Face's hub reads it, then data, settings,
// scores, training and how to serve it. Markdown signs in names, paths and labels are escaped.
// Pure.
std::string ModelCard(const ModelCardFacts& facts);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_REPORT_MODEL_CARD_H_
