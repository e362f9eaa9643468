#ifndef DIFFUSER_MODEL_TRAINING_CLI_TRAIN_INPUTS_H_
#define DIFFUSER_MODEL_TRAINING_CLI_TRAIN_INPUTS_H_

#include <string>

#include "absl/status/statusor.h"
#include "model/model_config.h"
#include "model/training/cli/train_flags.h"
#include "model/training/data/tokenized_dataset.h"
#include "model/training/training_job.h"

namespace diffuser::training {

// All that a run reads before it starts, checked.
struct TrainInputs {
  std::string config_json;
  std::string tokenizer_path;  // the folder of its files
  model::ModelConfig config;   // with the labels and the problem type of the data
  TrainingOptions options;     // resolved
  TokenizedDataset train;
  TokenizedDataset eval;
  DataDescription train_data;
  DataDescription eval_data;
};

// Reads config, tokenizer and both data sets.
// Blocks: for the time of tokenization. Errors: NOT_FOUND, INVALID_ARGUMENT or PERMISSION_DENIED,
// naming the file and what is wrong there.
absl::StatusOr<TrainInputs> ReadTrainInputs(const TrainFlags& flags);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_TRAIN_INPUTS_H_
