#ifndef DIFFUSER_MODEL_TRAINING_CLI_EVAL_OUTPUT_H_
#define DIFFUSER_MODEL_TRAINING_CLI_EVAL_OUTPUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "model/training/cli/eval_data.h"
#include "model/training/cli/eval_options.h"
#include "model/training/evaluation/agreement.h"
#include "model/training/evaluation/score_matrix.h"
#include "model/training/evaluation/score_tables.h"

namespace diffuser::training {

// How fast documents were scored.
struct EvalSpeed {
  int64_t documents = 0;
  int64_t tokens = 0;   // special tokens included, each counted once
  int64_t windows = 0;  // that the documents were cut into
  absl::Duration time;  // of tokenizing and computing
};

// How far the scores agree with those of the same checkpoint in another precision.
struct PrecisionAgreement {
  std::string precision, other;
  Agreement agreement;
};

// All that is printed of an evaluation: scores, speed, and agreement where there is one. JSON is
// one line, with the speed as {"documents", "tokens", "windows", "seconds", "tokens_per_second",
// "milliseconds_per_document"} under "speed", and the fields of both structures under "agreement".
std::string FormatEvaluation(const ScoreReport& report, const EvalSpeed& speed,
                             const std::optional<PrecisionAgreement>& agreement,
                             ScoreFormat format);

// One JSON object a document and line: {"name", "at": "FILE:LINE", "group" where there are groups,
// "right": whether labels and predicted agree, "labels", "predicted", "scores": {NAME: score} of
// those over 0.05, highest first}.
std::string FormatPredictions(const EvaluationData& data, const ScoreMatrix& scores,
                              const LabelSets& predicted, const std::vector<std::string>& labels);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_EVAL_OUTPUT_H_
