#ifndef DIFFUSER_MODEL_TRAINING_TRAINING_OPTIONS_H_
#define DIFFUSER_MODEL_TRAINING_TRAINING_OPTIONS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "model/checkpoint/checkpoint_writer.h"
#include "model/training/data/tokenized_dataset.h"

namespace diffuser::training {

// How the weights of the checkpoint are stored. Training itself is in float32 throughout.
using WeightsType = checkpoint::StoredType;

// What happens where the output directory already holds a checkpoint or a training state.
enum class ExistingOutput {
  kRefuse,    // training does not start
  kResume,    // goes on where the state in the directory's training/ says
  kOverwrite  // starts anew; what is there is replaced
};

// How weights that no checkpoint gives begin.
enum class Initializer {
  kNormal,     // at random, as RoBERTa's
  kLocalHeads  // and the first layer reads neighbouring words: StartWithLocalHeads (local_heads.h)
};

// Everything about a training run but its data and paths. A step is one update of the weights.
// Each field has a flag of its name. Defaults are for a small model trained from random weights.
struct TrainingOptions {
  int64_t epochs = 10;    // >= 1; passes over the training set
  int64_t max_steps = 0;  // >= 0; ends after this many steps even within an epoch; 0: no such limit

  // >= 1; tokens of one packed batch, special tokens included. A longer document is a batch alone.
  int64_t batch_tokens = 8192;
  int64_t accumulation = 1;  // >= 1; batches whose gradients make one step

  double learning_rate = 5e-4;  // > 0, <= 1; the highest one
  double warmup = 0.06;  // in [0, 1]; share of the steps with a rising rate; then it falls to 0
  double weight_decay = 0.01;      // in [0, 1]; not applied to biases and LayerNorm
  double adam_beta1 = 0.9;         // in [0, 1)
  double adam_beta2 = 0.98;        // in [0, 1)
  double adam_epsilon = 1e-6;      // > 0, <= 1
  double max_gradient_norm = 1.0;  // >= 0; of all gradients together; 0: never clipped

  // In [0, 1), or -1: as the config says. ResolveTrainingOptions replaces -1.
  double attention_dropout = -1;  // on attention weights; attention_probs_dropout_prob, else 0.1
  double hop_dropout = -1;        // after every hop; attention_probs_dropout_prob, else 0.1
  double hidden_dropout = -1;     // in the layers; hidden_dropout_prob, else 0.1
  double label_smoothing = 0;     // in [0, 1); single-label models only

  // > 0, <= 1, or -1: as the config says (initializer_range), else 1 / sqrt(hidden_size), at which
  // a small model's attention and residual are of one size. Deviation of the random weights.
  double initializer_range = -1;

  Initializer initializer = Initializer::kNormal;

  uint64_t seed = 0;  // of weights, order and dropout: the same seed gives the same bits

  int64_t eval_every = 0;        // >= 0; steps between evaluations; 0: once an epoch
  int64_t patience = 0;          // >= 0; evaluations without a better score to stop at; 0: never
  int64_t checkpoint_every = 0;  // >= 0; steps between resumable states; 0: at evaluations only
  int64_t eval_documents = 0;    // >= 0; evaluates on a seeded choice of this many; 0: on all

  int threads = 0;         // >= 0, <= 1024; 0: as many as the process may use
  bool recompute = false;  // recomputes activations in the backward pass: less memory, more time

  WeightsType weights_type = WeightsType::kFloat32;
  ExistingOutput existing_output = ExistingOutput::kRefuse;
  LongDocuments long_documents = LongDocuments::kFail;  // kChunk is for evaluation only
};

// Errors: INVALID_ARGUMENT "--FLAG: found VALUE, expected …" for the first field that is out of its
// bounds, NaN included.
absl::Status ValidateTrainingOptions(const TrainingOptions& options);

// Sets each dropout and the initializer_range that is -1 from the text of a config.json, and
// `threads` where it is 0. Errors: INVALID_ARGUMENT naming `origin`, the key and what stands there.
absl::Status ResolveTrainingOptions(absl::string_view config_json, absl::string_view origin,
                                    TrainingOptions& options);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_TRAINING_OPTIONS_H_
