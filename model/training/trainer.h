#ifndef DIFFUSER_MODEL_TRAINING_TRAINER_H_
#define DIFFUSER_MODEL_TRAINING_TRAINER_H_

#include "absl/status/status.h"
#include "model/training/training_job.h"

namespace diffuser::training {

// Trains, and writes the checkpoint to job.output_dir.
absl::Status Train(const TrainingJob& job);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_TRAINER_H_
