#ifndef DIFFUSER_MODEL_TRAINING_LOSS_H_
#define DIFFUSER_MODEL_TRAINING_LOSS_H_

#include <ATen/core/Tensor.h>

#include "absl/types/span.h"
#include "model/model_config.h"
#include "model/training/data/batch_plan.h"
#include "model/training/data/tokenized_dataset.h"

namespace diffuser::training {

// The loss of the documents `rows` of `data`, added up: cross entropy of a single label; or the
// binary cross entropies of all labels, added up too.
// logits [rows, labels] -> a scalar. `label_smoothing` is for single labels alone.
at::Tensor SumOfLosses(const at::Tensor& logits, const TokenizedDataset& data,
                       const BatchRows& rows, model::ProblemType type, double label_smoothing);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_LOSS_H_
