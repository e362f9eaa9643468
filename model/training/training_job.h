#ifndef DIFFUSER_MODEL_TRAINING_TRAINING_JOB_H_
#define DIFFUSER_MODEL_TRAINING_TRAINING_JOB_H_

#include <atomic>
#include <string>

#include "model/model_config.h"
#include "model/training/data/data_description.h"
#include "model/training/data/tokenized_dataset.h"
#include "model/training/training_options.h"

namespace diffuser::training {

// Where a run keeps what it needs to go on, within its output directory.
inline constexpr char kStateFolder[] = "training";
// In there; names the files of the state and is written after them.
inline constexpr char kStateFile[] = "state.json";

// One training run, all of it checked. Owns no data set: both, and `stop`, must outlive the run.
struct TrainingJob {
  // Labels, problem type and thresholds (0.5 each) are those to train; the head is classification.
  model::ModelConfig config;
  TrainingOptions options;  // valid and resolved

  std::string config_json;     // the config's own text, so that keys unknown here survive
  std::string tokenizer_path;  // the folder of its files
  std::string init_dir;        // the checkpoint to start from; "": random weights
  std::string output_dir;      // is there, and is writable

  const TokenizedDataset& train;
  const TokenizedDataset& eval;
  DataDescription train_data;
  DataDescription eval_data;

  bool resume = false;  // a state is in output_dir/training: go on from there

  // Becomes true on SIGINT and SIGTERM: write a resumable state and end.
  const std::atomic<bool>* stop = nullptr;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_TRAINING_JOB_H_
