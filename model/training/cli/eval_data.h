#ifndef DIFFUSER_MODEL_TRAINING_CLI_EVAL_DATA_H_
#define DIFFUSER_MODEL_TRAINING_CLI_EVAL_DATA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "model/model_config.h"
#include "model/training/cli/eval_options.h"
#include "model/training/data/examples.h"
#include "model/training/evaluation/score_matrix.h"

namespace diffuser::training {

// The documents to evaluate on. Lists are by index in file.examples.
struct EvaluationData {
  ExampleFile file;
  LabelSets truth;                  // in the model's label indices
  std::vector<std::string> names;   // the field `name` of JSON lines, else "FILE:LINE"
  std::vector<std::string> groups;  // the field that options.group_by names; empty if it is ""
  int64_t ignored_labels = 0;       // that the model lacks, each counted once a document
};

// Reads the documents and looks up their labels.
// Errors: those of ReadExamples; INVALID_ARGUMENT naming the labels that the model lacks (unless
// they are to be ignored), the document of which a single-label model cannot be right, or the field
// that no line has.
absl::StatusOr<EvaluationData> ReadEvaluationData(const EvalOptions& options,
                                                  const model::ModelConfig& config);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_EVAL_DATA_H_
