#ifndef DIFFUSER_MODEL_TRAINING_CLI_EVALUATE_H_
#define DIFFUSER_MODEL_TRAINING_CLI_EVALUATE_H_

#include <functional>
#include <ostream>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "model/classifier.h"
#include "model/tokenizer/tokenizer.h"
#include "model/training/cli/eval_options.h"
#include "model/training/report/progress_line.h"

namespace diffuser::training {

// Where an evaluation writes to, and its clock.
struct EvalConsole {
  std::ostream& out;         // the scores
  std::ostream& err;         // progress and remarks
  ProgressOptions progress;  // for err
  std::function<absl::Time()> now;
};

// Errors: INVALID_ARGUMENT: options that do not fit the model.
absl::Status CheckEvalOptions(const EvalOptions& options, const model::ModelConfig& config);

// Scores the documents of options.data as the server would and compares with what is true of them:
// writes the scores to `console.out`, and the predictions and the tuned thresholds where they are
// to be written. Nothing is written before all documents are scored. Blocks: for the time of all
// that. Errors: INVALID_ARGUMENT (bad data: names file, line and fault; options that do not fit the
// model), those of Classifier::Classify and of writing files. `other`, the same checkpoint in
// another precision, may be null; else it is told how far the two agree.
absl::Status Evaluate(const EvalOptions& options, const model::Classifier& classifier,
                      const tokenizer::Tokenizer& tokenizer, const EvalConsole& console,
                      const model::Classifier* other = nullptr);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_EVALUATE_H_
