#include "model/training/cli/evaluate.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/checkpoint/file_writer.h"
#include "model/training/cli/eval_data.h"
#include "model/training/cli/eval_output.h"
#include "model/training/evaluation/agreement.h"
#include "model/training/evaluation/document_scorer.h"
#include "model/training/evaluation/score_tables.h"
#include "model/training/evaluation/stored_thresholds.h"
#include "model/training/evaluation/thresholds.h"

namespace diffuser::training {
namespace {

bool IsMultiLabel(const model::ModelConfig& config) {
  return config.problem_type == model::ProblemType::kMultiLabel;
}

struct ScoredData {
  std::vector<ScoredDocument> documents;
  ScoreMatrix scores;
  EvalSpeed speed;
};

// Adds every document, telling how far it is.
absl::Status AddAll(const EvaluationData& data, const EvalConsole& console,
                    DocumentScorer& scorer) {
  ProgressOptions options = console.progress;
  options.unit = "document";
  ProgressLine line(console.err, options, console.now);
  const absl::Time begin = console.now();
  Progress progress{.total_steps = static_cast<int64_t>(data.file.examples.size())};
  for (const Example& example : data.file.examples) {
    absl::Status added = scorer.Add(example.text);
    if (absl::IsInvalidArgument(added)) {
      added = absl::InvalidArgumentError(absl::StrCat(PlaceOf(example), ": ", added.message()));
    }
    if (!added.ok()) return added;
    ++progress.step;
    const double seconds = absl::ToDoubleSeconds(console.now() - begin);
    if (seconds > 0) progress.tokens_per_second = static_cast<double>(scorer.tokens()) / seconds;
    line.Update(progress);
  }
  return absl::OkStatus();
}

absl::StatusOr<ScoredData> ScoreAll(const EvaluationData& data, DocumentScorer scorer, int labels,
                                    const EvalConsole& console) {
  const absl::Time begin = console.now();
  if (auto status = AddAll(data, console, scorer); !status.ok()) return status;
  auto documents = std::move(scorer).Finish();
  if (!documents.ok()) return documents.status();
  ScoredData scored{.documents = {}, .scores = ScoreMatrix(labels), .speed = {}};
  scored.speed.time = console.now() - begin;
  scored.speed.documents = static_cast<int64_t>(documents->size());
  for (const ScoredDocument& document : *documents) {
    scored.scores.Append(document.scores);
    scored.speed.tokens += document.tokens;
    scored.speed.windows += document.windows;
  }
  scored.documents = *std::move(documents);
  return scored;
}

std::vector<float> UsualThresholds(const EvalOptions& options, const model::ModelConfig& config) {
  if (!options.threshold.has_value()) return config.label_thresholds;
  return std::vector<float>(config.labels.size(), *options.threshold);
}

// Tunes the thresholds and says what that gains.
std::vector<float> Tune(const EvaluationData& data, const ScoreMatrix& scores,
                        const std::vector<float>& usual, std::ostream& err) {
  const TuneOptions options;
  const TunedThresholds tuned = TuneThresholds(scores, data.truth, options);
  const auto score = [&](const std::vector<float>& thresholds) {
    return ComputeScores(PredictByThreshold(scores, thresholds), data.truth, scores.labels());
  };
  const Scores before = score(usual);
  const Scores after = score(tuned.thresholds);
  size_t own = 0;
  for (const bool is_own : tuned.is_own) own += is_own ? 1 : 0;
  err << absl::StrFormat(
      "Thresholds tuned on these documents: %d labels have their own; %d, of fewer than %d "
      "documents each, share %.4f.\nmicro F1 %.4f -> %.4f, macro F1 %.4f -> %.4f, exact match %.4f "
      "-> %.4f; on other documents expect a little less.\n",
      own, tuned.is_own.size() - own, options.min_support, tuned.global, before.micro.f1(),
      after.micro.f1(), before.macro_f1, after.macro_f1, before.exact_match, after.exact_match);
  return tuned.thresholds;
}

std::vector<float> ChooseThresholds(const EvalOptions& options, const EvaluationData& data,
                                    const ScoreMatrix& scores, const model::ModelConfig& config,
                                    std::ostream& err) {
  if (!IsMultiLabel(config)) return {};
  const std::vector<float> usual = UsualThresholds(options, config);
  return options.tune_thresholds ? Tune(data, scores, usual, err) : usual;
}

std::vector<NamedScores> ScoreGroups(const EvaluationData& data, const LabelSets& predicted,
                                     int labels) {
  struct Group {
    LabelSets predicted, truth;
  };
  std::map<std::string, Group> groups;
  for (size_t i = 0; i < data.groups.size(); ++i) {
    Group& group = groups[data.groups[i]];
    group.predicted.push_back(predicted[i]);
    group.truth.push_back(data.truth[i]);
  }
  std::vector<NamedScores> scores;
  for (const auto& [name, group] : groups) {
    scores.push_back({name, ComputeScores(group.predicted, group.truth, labels)});
  }
  return scores;
}

absl::Status WriteThresholds(const EvalOptions& options, const ScoreReport& report,
                             std::ostream& err) {
  if (!options.write) return absl::OkStatus();
  auto stored = StoreThresholds(options.model, report.labels, report.thresholds);
  if (stored.ok()) err << "Thresholds written to " << options.model << "/config.json\n";
  return stored;
}

}  // namespace

absl::Status CheckEvalOptions(const EvalOptions& options, const model::ModelConfig& config) {
  if (config.head != model::HeadKind::kClassification ||
      config.problem_type == model::ProblemType::kRegression) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.model, ": is no classifier, so there are no labels to compare"));
  }
  if (!IsMultiLabel(config) && (options.threshold.has_value() || options.tune_thresholds)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--threshold, --tune_thresholds: are for multi-label models; ", options.model,
                     " gives each document the label of the highest score"));
  }
  const int64_t overlap = options.chunk_overlap.value_or(0);
  if (overlap < 0 || 2 * overlap >= config.max_tokens()) {
    return absl::InvalidArgumentError(absl::StrCat("--chunk_overlap: found ", overlap,
                                                   ", expected 0 or more and below half of "
                                                   "the model's ",
                                                   config.max_tokens(), " tokens"));
  }
  return absl::OkStatus();
}

absl::Status Evaluate(const EvalOptions& options, const model::Classifier& classifier,
                      const tokenizer::Tokenizer& tokenizer, const EvalConsole& console,
                      const model::Classifier* other) {
  const model::ModelConfig& config = classifier.config();
  if (auto status = CheckEvalOptions(options, config); !status.ok()) return status;
  const auto data = ReadEvaluationData(options, config);
  if (!data.ok()) return data.status();
  if (data->ignored_labels > 0) {
    console.err << "Labels that the model does not know, ignored: " << data->ignored_labels << "\n";
  }
  const int labels = static_cast<int>(config.labels.size());
  const ScorerOptions scoring = {.batch_tokens = options.batch_tokens,
                                 .chunk_overlap = options.chunk_overlap};
  const auto score = [&](const model::Classifier& by) {
    return ScoreAll(*data, DocumentScorer(by, tokenizer, scoring), labels, console);
  };
  const auto scored = score(classifier);
  if (!scored.ok()) return scored.status();

  ScoreReport report{.labels = config.labels, .scores = {}, .groups = {}, .thresholds = {}};
  report.thresholds = ChooseThresholds(options, *data, scored->scores, config, console.err);
  const auto predict = [&](const ScoreMatrix& scores) {
    return IsMultiLabel(config) ? PredictByThreshold(scores, report.thresholds)
                                : PredictBest(scores);
  };
  const LabelSets predicted = predict(scored->scores);
  std::optional<PrecisionAgreement> agreement;
  if (other != nullptr) {
    const auto compared = score(*other);
    if (!compared.ok()) return compared.status();
    agreement = {model::PrecisionName(classifier.precision()),
                 model::PrecisionName(other->precision()),
                 CompareScored({scored->documents, predicted},
                               {compared->documents, predict(compared->scores)})};
  }
  report.scores = ComputeScores(predicted, data->truth, labels);
  report.groups = ScoreGroups(*data, predicted, labels);
  console.out << FormatEvaluation(report, scored->speed, agreement, options.format) << std::flush;

  if (auto status = WriteThresholds(options, report, console.err); !status.ok()) return status;
  if (options.predictions.empty()) return absl::OkStatus();
  return checkpoint::WriteFileAtomically(
      options.predictions, FormatPredictions(*data, scored->scores, predicted, config.labels));
}

}  // namespace diffuser::training
