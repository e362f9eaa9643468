#ifndef DIFFUSER_MODEL_TRAINING_EVALUATION_SCORE_TABLES_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATION_SCORE_TABLES_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "model/training/evaluation/scores.h"

namespace diffuser::training {

// Scores of the documents that have something in common, and what that is.
struct NamedScores {
  std::string name;
  Scores scores;
};

// All that is said of an evaluation.
struct ScoreReport {
  std::vector<std::string> labels;  // names, by label index
  Scores scores;                    // of all documents
  std::vector<NamedScores> groups;  // may be empty
  std::vector<float> thresholds;    // by label index, where the labels have some; may be empty
};

// For a terminal: a summary, the groups, and the labels that occur or were predicted, those of most
// documents first; columns aligned. Each line ends with a newline.
std::string ScoresAsText(const ScoreReport& report);

// The same as Markdown tables; signs that mean something in Markdown are escaped.
std::string ScoresAsMarkdown(const ScoreReport& report);

// {"documents", "exact_match", "micro": {"precision", "recall", "f1"}, "macro": {the
//  same, and "labels": how many},
//  "labels": {NAME: {"support", "true_positives", "false_positives", "false_negatives",
//  "precision", "recall", "f1", "threshold" where it has one}}, "groups": {NAME: {the same without
//  labels and groups}}}
nlohmann::ordered_json ScoresAsJson(const ScoreReport& report);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATION_SCORE_TABLES_H_
