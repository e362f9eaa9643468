#ifndef DIFFUSER_MODEL_TRAINING_TRAINER_H_
#define DIFFUSER_MODEL_TRAINING_TRAINER_H_

#include "absl/status/status.h"
#include "model/training/training_job.h"

namespace diffuser::training {

// Trains, from random weights, from a checkpoint or from where an earlier run stopped, and writes
// to job.output_dir: the checkpoint with the best score on the evaluation data (micro F1), whenever
// there is a better one; README.md, curves.svg and metrics.csv; and in training/ the state to go on
// from. A run that was killed and is resumed gives the same bits as one that was not. Progress goes
// to standard error.
//
// Blocks: for the whole run. No exception leaves it.
// Errors: CANCELLED (job.stop; the state is written), those of Checkpoint::Open for job.init_dir,
// FAILED_PRECONDITION (the state to resume is of a run with other settings), RESOURCE_EXHAUSTED
// (disk full: the last good checkpoint and state stay; or out of memory), INTERNAL (a loss that is
// no number any more, and LibTorch's own).
absl::Status Train(const TrainingJob& job);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_TRAINER_H_
