#ifndef DIFFUSER_MODEL_TRAINING_TRAINING_STATE_H_
#define DIFFUSER_MODEL_TRAINING_TRAINING_STATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/training/optimizer.h"
#include "model/training/trainable_model.h"

namespace diffuser::training {

// Where a run stands, but for its numbers. With the parameters and the optimiser's moments it is
// all that the rest of the run depends on: order and dropout are functions of the seed and the
// step.
struct RunProgress {
  int64_t step = 0;    // done
  int64_t tokens = 0;  // trained on
  double seconds = 0;  // spent training

  // Since the last row of metrics.csv.
  double loss_sum = 0;
  int64_t loss_documents = 0;
  int64_t row_tokens = 0;
  double row_seconds = 0;

  double best_score = -1;  // of the evaluations; -1 before the first
  int64_t best_step = 0;
  int64_t evaluations_without_gain = 0;

  std::string settings;  // of the run, in one text: a run is resumed with the same ones only
};

// Writes the state to the folder `dir`: state.json, which names the file of weights and moments
// beside it and replaces the former one when that is whole on the disk. So a state that a crash
// leaves is the former one or this one.
// Errors: RESOURCE_EXHAUSTED where the disk is full, and what else FileWriter gives.
absl::Status SaveState(const std::string& dir, const RunProgress& progress,
                       const TrainableParameters& parameters, const Optimizer& optimizer);

// Reads it back into the parameters and the optimiser, to the bit.
// Errors: NOT_FOUND, INVALID_ARGUMENT naming the file and what is wrong; FAILED_PRECONDITION where
// the state is of a run with other settings than `settings`, naming the first that differs.
absl::StatusOr<RunProgress> LoadState(const std::string& dir, const std::string& settings,
                                      const TrainableParameters& parameters, Optimizer& optimizer);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_TRAINING_STATE_H_
