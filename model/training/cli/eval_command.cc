#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "model/classifier.h"
#include "model/cpu_limit.h"
#include "model/tokenizer/tokenizer.h"
#include "model/training/cli/commands.h"
#include "model/training/cli/eval_options.h"
#include "model/training/cli/evaluate.h"

namespace diffuser::training {
namespace {

absl::StatusOr<std::shared_ptr<const model::Classifier>> LoadClassifier(
    const EvalOptions& options, model::Precision precision) {
  model::LoadOptions load;
  load.precision = precision;
  load.compute_threads = options.threads > 0 ? options.threads : model::UsableCpus();
  load.on_internal_error = [](const std::string& details) { std::cerr << details << std::endl; };
  return model::Classifier::Load(options.model, load);
}

absl::Status RunEval(const EvalOptions& options) {
  const auto classifier = LoadClassifier(options, options.precision);
  if (!classifier.ok()) return classifier.status();
  std::shared_ptr<const model::Classifier> other;
  if (options.compare_precision.has_value()) {
    auto loaded = LoadClassifier(options, *options.compare_precision);
    if (!loaded.ok()) return loaded.status();
    other = *std::move(loaded);
  }
  const auto tokenizer = tokenizer::Tokenizer::Load(options.model);
  if (!tokenizer.ok()) return tokenizer.status();
  return Evaluate(options, **classifier, **tokenizer,
                  {.out = std::cout,
                   .err = std::cerr,
                   .progress = StandardErrorOptions(),
                   .now = [] { return absl::Now(); }},
                  other.get());
}

void AddDataFlags(CLI::App& app, EvalOptions& options) {
  app.add_option("--model", options.model, "Checkpoint to evaluate")->required()->type_name("DIR");
  app.add_option("--data", options.data,
                 "Documents: .jsonl with text and label or labels, .csv, .tsv, or DIR/LABEL/*.txt")
      ->required()
      ->type_name("PATH");
  app.add_option("--text_column", options.read.text_column, "Column of the text in .csv and .tsv")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--label_column", options.read.label_column,
                 "Column of the label in .csv and .tsv")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--label_separator", options.read.label_separator,
                 "Between the labels of one cell of .csv and .tsv")
      ->type_name("TEXT");
  app.add_flag("--ignore_unknown_labels", options.ignore_unknown_labels,
               "Labels of the data that the model lacks count as not there");
}

void AddThresholdFlags(CLI::App& app, EvalOptions& options) {
  CLI::Option* threshold =
      app.add_option("--threshold", options.threshold,
                     "From which score on labels hold, instead of the checkpoint's thresholds")
          ->type_name("SCORE")
          ->check(CLI::Range(0.0, 1.0).description(""));
  CLI::Option* tune = app.add_flag("--tune_thresholds", options.tune_thresholds,
                                   "Find the threshold of each label that is best on this data")
                          ->excludes(threshold);
  app.add_flag("--write", options.write,
               "Store the tuned thresholds in the checkpoint, where the server takes them from")
      ->needs(tune);
}

void AddOutputFlags(CLI::App& app, EvalOptions& options) {
  static const std::map<std::string, ScoreFormat> kFormats = {{"table", ScoreFormat::kTable},
                                                              {"markdown", ScoreFormat::kMarkdown},
                                                              {"json", ScoreFormat::kJson}};
  app.add_option("--group_by", options.group_by,
                 "Scores by the values of this field of JSON lines, too")
      ->type_name("FIELD");
  app.add_option("--format", options.format, "Of the scores; table without it")
      ->type_name("table|markdown|json")
      ->transform(CLI::CheckedTransformer(kFormats).description(""));
  app.add_option("--predictions", options.predictions,
                 "Write each document's labels, predictions and scores here, as JSON lines")
      ->type_name("FILE");
}

void AddPrecisionFlags(CLI::App& app, EvalOptions& options) {
  std::map<std::string, model::Precision> precisions;
  for (const model::Precision precision : {model::Precision::kAuto, model::Precision::kFloat32,
                                           model::Precision::kBFloat16, model::Precision::kInt8}) {
    precisions.emplace(model::PrecisionName(precision), precision);
  }
  app.add_option("--precision", options.precision,
                 "Of the dense layers, as in the server; float32 without it")
      ->type_name("auto|float32|bfloat16|int8")
      ->transform(CLI::CheckedTransformer(precisions).description(""));
  app.add_option("--compare_precision", options.compare_precision,
                 "Score in this precision too, and tell how far both agree")
      ->type_name("float32|bfloat16|int8")
      ->transform(CLI::CheckedTransformer(precisions).description(""));
}

void AddRunFlags(CLI::App& app, EvalOptions& options) {
  app.add_option("--threads", options.threads, "0: as many as the process may use")
      ->type_name("COUNT")
      ->check(CLI::Range(0, 1024).description(""))
      ->capture_default_str();
  app.add_option("--batch_tokens", options.batch_tokens, "Tokens of one batch")
      ->type_name("COUNT")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 24).description(""))
      ->capture_default_str();
  app.add_option("--chunk_overlap", options.chunk_overlap,
                 "Tokens that the windows of a long document share; an eighth of the model's "
                 "length without it, as in the server")
      ->type_name("COUNT");
}

}  // namespace

void AddEvalCommand(CLI::App& app, absl::Status& status) {
  CLI::App* command = app.add_subcommand("eval", "Scores a checkpoint on labelled documents");
  const auto options = std::make_shared<EvalOptions>();
  AddDataFlags(*command, *options);
  AddThresholdFlags(*command, *options);
  AddOutputFlags(*command, *options);
  AddPrecisionFlags(*command, *options);
  AddRunFlags(*command, *options);
  command->callback([&status, options] { status = RunEval(*options); });
}

}  // namespace diffuser::training
