#ifndef DIFFUSER_MODEL_TRAINING_EVALUATOR_H_
#define DIFFUSER_MODEL_TRAINING_EVALUATOR_H_

#include <vector>

#include "model/training/data/batch_plan.h"
#include "model/training/data/tokenized_dataset.h"
#include "model/training/evaluation/scores.h"
#include "model/training/trainable_model.h"
#include "model/training/training_options.h"

namespace diffuser::training {

struct Evaluation {
  double loss = 0;  // mean over documents
  Scores scores;    // at threshold 0.5, or of the best label
};

// Scores a model on the evaluation set, or on the seeded choice of documents that
// options.eval_documents asks for; the scores of a document's windows are combined as the server
// does. Throws c10::Error. The data set outlives it.
class Evaluator {
 public:
  Evaluator(const TokenizedDataset& data, const TrainingOptions& options);

  Evaluation Evaluate(const TrainableModel& model) const;

 private:
  const TokenizedDataset& data_;
  std::vector<BatchRows> batches_;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_EVALUATOR_H_
