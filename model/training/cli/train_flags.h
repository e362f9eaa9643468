#ifndef DIFFUSER_MODEL_TRAINING_CLI_TRAIN_FLAGS_H_
#define DIFFUSER_MODEL_TRAINING_CLI_TRAIN_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>

#include "model/training/data/examples.h"
#include "model/training/training_options.h"

namespace diffuser::training {

// What the flags of a training run say.
struct TrainFlags {
  std::string data;
  std::string eval;
  std::string config;     // "": that of `init`
  std::string tokenizer;  // "": that of `init`
  std::string output;
  std::string init;  // "": random weights
  ReadOptions read;
  TrainingOptions options;

  // Adds the flags; their values are here once Finish has run. REQUIRES: this outlives the parsing.
  void AddTo(CLI::App& app);

  // Completes the values after the parsing.
  // Throws CLI::ParseError: a needed flag is missing, two exclude each other, a value is out of
  // its bounds.
  void Finish();

 private:
  void AddPaths(CLI::App& app);
  void AddData(CLI::App& app);
  void AddSchedule(CLI::App& app);
  void AddOptimizer(CLI::App& app);
  void AddRegularization(CLI::App& app);
  void AddRun(CLI::App& app);

  std::string long_documents_ = "fail";
  std::string initializer_ = "normal";
  std::string weights_type_ = "float32";
  bool resume_ = false;
  bool overwrite_ = false;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_TRAIN_FLAGS_H_
