#ifndef DIFFUSER_MODEL_LABEL_SCORES_H_
#define DIFFUSER_MODEL_LABEL_SCORES_H_

#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "model/model_config.h"

namespace diffuser::model {

// The scores of a whole document, by label index.
struct CombinedScores {
  std::vector<double> scores;
  std::vector<float> logits;  // those that give these scores; always finite
};

// What the logits of a document's chunks say together. The arithmetic is in double.
//   kSingleLabel  softmax of each chunk, then their mean; logits are its logarithm;
//   kMultiLabel   sigmoid, then the highest of each label; logits are the highest logits;
//   kRegression   the mean of the numbers, which are the logits too.
// One chunk keeps its logits as they are.
// REQUIRES: at least one chunk, all of the same size, all finite.
CombinedScores CombineChunks(ProblemType type, absl::Span<const std::vector<float>> chunk_logits);

struct ScoredLabel {
  int index = 0;  // of the logit; its name is ModelConfig::labels[index]
  float score = 0;
};

struct SelectOptions {
  int top_k = 0;                                  // >= 0; 0: all labels
  std::optional<float> threshold = std::nullopt;  // no NaN; unset: as the model says
};

// The labels to return: those scored at the threshold or above (unset: label_thresholds for
// multi-label models, else no threshold), highest score first and lower index first among equal
// ones, at most top_k (0: all). Compared as the float that the caller sees. REQUIRES: scores.size()
// == labels.size().
std::vector<ScoredLabel> SelectLabels(absl::Span<const double> scores, const ModelConfig& config,
                                      const SelectOptions& options);

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_LABEL_SCORES_H_
