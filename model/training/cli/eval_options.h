#ifndef DIFFUSER_MODEL_TRAINING_CLI_EVAL_OPTIONS_H_
#define DIFFUSER_MODEL_TRAINING_CLI_EVAL_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "model/classifier.h"
#include "model/training/data/examples.h"

namespace diffuser::training {

enum class ScoreFormat { kTable, kMarkdown, kJson };

// What `diffuser-train eval` is told. Each field has a flag of its name.
struct EvalOptions {
  std::string model;  // checkpoint directory
  std::string data;   // file or folder
  ReadOptions read;
  bool ignore_unknown_labels = false;  // labels that the model lacks count as not there

  // Of multi-label models only:
  std::optional<float> threshold;  // for all labels; unset: the checkpoint's
  bool tune_thresholds = false;    // on this very data
  bool write = false;              // the tuned ones, into the checkpoint's config.json

  std::string group_by;  // a field of JSON lines to score the documents by; "": none
  ScoreFormat format = ScoreFormat::kTable;
  std::string predictions;  // file to write them to; "": none

  model::Precision precision = model::Precision::kFloat32;
  // Scores the documents in this one too, and tells how far the two agree.
  std::optional<model::Precision> compare_precision;

  int threads = 0;                       // >= 0; 0: as many as the process may use
  int64_t batch_tokens = 16384;          // >= 1
  std::optional<int64_t> chunk_overlap;  // unset: the server's default
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_EVAL_OPTIONS_H_
