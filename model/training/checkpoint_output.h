#ifndef DIFFUSER_MODEL_TRAINING_CHECKPOINT_OUTPUT_H_
#define DIFFUSER_MODEL_TRAINING_CHECKPOINT_OUTPUT_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "model/training/evaluation/scores.h"
#include "model/training/report/metrics_csv.h"
#include "model/training/trainable_model.h"
#include "model/training/training_job.h"

namespace diffuser::training {

// How the run has gone, for the model card.
struct RunSummary {
  Scores scores;  // of the step that was kept
  int64_t steps = 0;
  int64_t best_step = 0;
  int64_t trained_tokens = 0;
  absl::Duration training_time;
};

// Writes what the server loads to job.output_dir: config.json, model.safetensors and the
// tokenizer's files, each whole or not at all; the weights last. Errors: RESOURCE_EXHAUSTED where
// the disk is full (what was there stays), OUT_OF_RANGE where a weight does not fit
// job.options.weights_type, and what else FileWriter gives.
absl::Status WriteCheckpoint(const TrainingJob& job, const TrainableParameters& parameters);

// Writes README.md (the model card) and curves.svg beside it. Errors: as FileWriter's.
absl::Status WriteReports(const TrainingJob& job, const RunSummary& summary,
                          const std::vector<MetricsRow>& rows);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CHECKPOINT_OUTPUT_H_
