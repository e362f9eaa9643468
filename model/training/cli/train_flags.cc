#include "model/training/cli/train_flags.h"

#include <map>
#include <utility>
#include <vector>

namespace diffuser::training {
namespace {

const std::map<std::string, LongDocuments>& LongDocumentChoices() {
  static const std::map<std::string, LongDocuments> choices = {{"fail", LongDocuments::kFail},
                                                               {"head", LongDocuments::kHead},
                                                               {"drop", LongDocuments::kDrop}};
  return choices;
}

const std::map<std::string, WeightsType>& WeightsTypeChoices() {
  static const std::map<std::string, WeightsType> choices = {{"float32", WeightsType::kFloat32},
                                                             {"float16", WeightsType::kFloat16},
                                                             {"bfloat16", WeightsType::kBFloat16}};
  return choices;
}

const std::map<std::string, Initializer>& InitializerChoices() {
  static const std::map<std::string, Initializer> choices = {
      {"local_heads", Initializer::kLocalHeads}, {"normal", Initializer::kNormal}};
  return choices;
}

template <typename Choices>
std::vector<std::string> Names(const Choices& choices) {
  std::vector<std::string> names;
  for (const auto& [name, value] : choices) names.push_back(name);
  return names;
}

// Adds flags to one group of the help text, each with its default.
class Group {
 public:
  Group(CLI::App& app, std::string name) : app_(app), name_(std::move(name)) {}

  template <typename T>
  CLI::Option* Add(const std::string& flag, T& value, const std::string& help,
                   const std::string& type) {
    return app_.add_option("--" + flag, value, help)
        ->type_name(type)
        ->capture_default_str()
        ->group(name_);
  }

  void AddFlag(const std::string& flag, bool& value, const std::string& help) {
    app_.add_flag("--" + flag, value, help)->group(name_);
  }

 private:
  CLI::App& app_;
  const std::string name_;
};

void Require(const std::string& value, const std::string& flag) {
  if (value.empty()) throw CLI::RequiredError(flag);
}

}  // namespace

void TrainFlags::AddTo(CLI::App& app) {
  AddPaths(app);
  AddData(app);
  AddSchedule(app);
  AddOptimizer(app);
  AddRegularization(app);
  AddRun(app);
}

void TrainFlags::AddPaths(CLI::App& app) {
  Group group(app, "Training");
  group.Add("data", data,
            "Training set: .jsonl with text and label or labels, .csv, .tsv, or DIR/LABEL/*.txt",
            "PATH");
  group.Add("eval", eval, "Evaluation set, in any of the same forms", "PATH");
  group.Add("config", config, "Shape of the model; that of --init without it", "config.json");
  group.Add("tokenizer", tokenizer, "Tokenizer, or its folder; that of --init without it",
            "tokenizer.json");
  group.Add("output", output, "Where the checkpoint goes", "DIR");
  group.Add("init", init, "Checkpoint to start from; random weights without it", "DIR");
  group.AddFlag("resume", resume_,
                "Go on where the run in --output stopped; begin where it has none yet");
  group.AddFlag("overwrite", overwrite_, "Replace what is in --output");
}

void TrainFlags::AddData(CLI::App& app) {
  Group group(app, "Data");
  group.Add("text_column", read.text_column, "Column of the text in .csv and .tsv", "NAME");
  group.Add("label_column", read.label_column, "Column of the label in .csv and .tsv", "NAME");
  group.Add("label_separator", read.label_separator,
            "Between the labels of one cell of .csv and .tsv, each document having any number of "
            "them; without it, a cell is one label",
            "TEXT");
  group
      .Add("long_documents", long_documents_,
           "Of documents longer than the model reads: fail, keep the head, or drop them",
           "fail|head|drop")
      ->check(CLI::IsMember(Names(LongDocumentChoices())).description(""));
  group.Add("eval_documents", options.eval_documents,
            "Evaluate on a choice of this many; 0: on all", "COUNT");
}

void TrainFlags::AddSchedule(CLI::App& app) {
  Group group(app, "Schedule");
  group.Add("epochs", options.epochs, "Passes over the training set", "COUNT");
  group.Add("max_steps", options.max_steps, "End after this many steps; 0: no such limit", "COUNT");
  group.Add("batch_tokens", options.batch_tokens, "Tokens of one batch", "COUNT");
  group.Add("accumulation", options.accumulation, "Batches whose gradients make one step", "COUNT");
  group.Add("eval_every", options.eval_every, "Steps between evaluations; 0: once an epoch",
            "COUNT");
  group.Add("patience", options.patience,
            "Stop after this many evaluations without a better score; 0: never", "COUNT");
  group.Add("checkpoint_every", options.checkpoint_every,
            "Steps between resumable states; 0: at evaluations only", "COUNT");
}

void TrainFlags::AddOptimizer(CLI::App& app) {
  Group group(app, "Optimizer");
  group.Add("learning_rate", options.learning_rate, "The highest learning rate", "NUMBER");
  group.Add("warmup", options.warmup, "Share of the steps with a rising learning rate", "SHARE");
  group.Add("weight_decay", options.weight_decay, "AdamW's, not of biases and LayerNorm", "NUMBER");
  group.Add("adam_beta1", options.adam_beta1, "Decay of the gradients' mean", "NUMBER");
  group.Add("adam_beta2", options.adam_beta2, "Decay of their squares' mean", "NUMBER");
  group.Add("adam_epsilon", options.adam_epsilon, "Added to the denominator", "NUMBER");
  group.Add("max_gradient_norm", options.max_gradient_norm,
            "Gradients are scaled down to this norm; 0: never", "NUMBER");
}

void TrainFlags::AddRegularization(CLI::App& app) {
  Group group(app, "Regularisation");
  group.Add("attention_dropout", options.attention_dropout,
            "Of attention weights; -1: as the config says, else 0.1", "SHARE");
  group.Add("hop_dropout", options.hop_dropout,
            "After every hop; -1: as the config says of attention weights, else 0.1", "SHARE");
  group.Add("hidden_dropout", options.hidden_dropout,
            "In the layers; -1: as the config says, else 0.1", "SHARE");
  group.Add("label_smoothing", options.label_smoothing, "Of single-label models", "SHARE");
}

void TrainFlags::AddRun(CLI::App& app) {
  Group group(app, "Run");
  group.Add("initializer_range", options.initializer_range,
            "Deviation of random weights; -1: as the config says, else 1 / sqrt(hidden size)",
            "NUMBER");
  group
      .Add("initializer", initializer_,
           "Of weights that --init does not give: all at random, or the first layer reading "
           "neighbouring words from the start",
           "normal|local_heads")
      ->check(CLI::IsMember(Names(InitializerChoices())).description(""));
  group.Add("seed", options.seed, "Of weights, order and dropout", "NUMBER");
  group.Add("threads", options.threads, "0: as many as the process may use", "COUNT");
  group.AddFlag("recompute", options.recompute,
                "Recompute activations in the backward pass: less memory, more time");
  group
      .Add("weights_type", weights_type_, "Of the checkpoint's weights", "float32|float16|bfloat16")
      ->check(CLI::IsMember(Names(WeightsTypeChoices())).description(""));
}

void TrainFlags::Finish() {
  Require(data, "--data");
  Require(eval, "--eval");
  Require(output, "--output");
  if (init.empty()) Require(config, "--config or --init");
  if (init.empty()) Require(tokenizer, "--tokenizer or --init");
  if (resume_ && overwrite_) throw CLI::ExcludesError("--resume", "--overwrite");
  options.existing_output = resume_      ? ExistingOutput::kResume
                            : overwrite_ ? ExistingOutput::kOverwrite
                                         : ExistingOutput::kRefuse;
  options.long_documents = LongDocumentChoices().at(long_documents_);
  options.initializer = InitializerChoices().at(initializer_);
  options.weights_type = WeightsTypeChoices().at(weights_type_);
  const absl::Status valid = ValidateTrainingOptions(options);
  if (!valid.ok()) {
    throw CLI::ValidationError(std::string(valid.message()), CLI::ExitCodes::ValidationError);
  }
}

}  // namespace diffuser::training
