#include "model/training/cli/eval_output.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/checkpoint/shortest_number.h"

namespace diffuser::training {
namespace {

using nlohmann::ordered_json;

constexpr float kLeastScore = 0.05f;

struct Rates {
  double seconds = 0;
  double tokens_per_second = 0;
  double milliseconds_per_document = 0;
};

Rates RatesOf(const EvalSpeed& speed) {
  Rates rates{.seconds = absl::ToDoubleSeconds(speed.time)};
  if (rates.seconds > 0)
    rates.tokens_per_second = static_cast<double>(speed.tokens) / rates.seconds;
  if (speed.documents > 0) {
    rates.milliseconds_per_document = 1000 * rates.seconds / static_cast<double>(speed.documents);
  }
  return rates;
}

std::string SpeedAsText(const EvalSpeed& speed) {
  const Rates rates = RatesOf(speed);
  return absl::StrFormat(
      "\n%d documents, %d tokens in %d windows, %.2f s: %.0f tokens/s, %.1f ms a document\n",
      speed.documents, speed.tokens, speed.windows, rates.seconds, rates.tokens_per_second,
      rates.milliseconds_per_document);
}

std::string OnOneLine(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string AgreementAsText(const PrecisionAgreement& compared) {
  const Agreement& agreement = compared.agreement;
  const double documents = static_cast<double>(std::max<int64_t>(agreement.documents, 1));
  return absl::StrFormat(
      "%s against %s: the same highest label for %.2f %% of the documents, the same labels for "
      "%.2f %%;\nlogits differ by at most %.4f and by %.4f on average, scores by at most %.4f\n",
      compared.precision, compared.other,
      100 * static_cast<double>(agreement.same_top_label) / documents,
      100 * static_cast<double>(agreement.same_labels) / documents,
      agreement.largest_logit_difference, agreement.mean_logit_difference,
      agreement.largest_score_difference);
}

ordered_json AgreementAsJson(const PrecisionAgreement& compared) {
  const Agreement& agreement = compared.agreement;
  return {{"precision", compared.precision},
          {"other", compared.other},
          {"documents", agreement.documents},
          {"same_top_label", agreement.same_top_label},
          {"same_labels", agreement.same_labels},
          {"largest_logit_difference", agreement.largest_logit_difference},
          {"mean_logit_difference", agreement.mean_logit_difference},
          {"largest_score_difference", agreement.largest_score_difference}};
}

std::string AsJson(const ScoreReport& report, const EvalSpeed& speed,
                   const std::optional<PrecisionAgreement>& agreement) {
  const Rates rates = RatesOf(speed);
  ordered_json json = ScoresAsJson(report);
  json["speed"] = {{"documents", speed.documents},
                   {"tokens", speed.tokens},
                   {"windows", speed.windows},
                   {"seconds", rates.seconds},
                   {"tokens_per_second", rates.tokens_per_second},
                   {"milliseconds_per_document", rates.milliseconds_per_document}};
  if (agreement.has_value()) json["agreement"] = AgreementAsJson(*agreement);
  return OnOneLine(json);
}

ordered_json Names(const std::vector<int>& indices, const std::vector<std::string>& labels) {
  ordered_json names = ordered_json::array();
  for (const int index : indices) names.push_back(labels[index]);
  return names;
}

ordered_json HighScores(absl::Span<const float> row, const std::vector<std::string>& labels) {
  std::vector<int> order(row.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return row[a] > row[b]; });
  ordered_json scores = ordered_json::object();
  for (const int index : order) {
    if (row[index] > kLeastScore) scores[labels[index]] = checkpoint::ShortestNumber(row[index]);
  }
  return scores;
}

}  // namespace

std::string FormatEvaluation(const ScoreReport& report, const EvalSpeed& speed,
                             const std::optional<PrecisionAgreement>& agreement,
                             ScoreFormat format) {
  const std::string rest =
      absl::StrCat(SpeedAsText(speed), agreement.has_value() ? AgreementAsText(*agreement) : "");
  switch (format) {
    case ScoreFormat::kMarkdown:
      return absl::StrCat(ScoresAsMarkdown(report), rest);
    case ScoreFormat::kJson:
      return AsJson(report, speed, agreement);
    case ScoreFormat::kTable:
      break;
  }
  return absl::StrCat(ScoresAsText(report), rest);
}

std::string FormatPredictions(const EvaluationData& data, const ScoreMatrix& scores,
                              const LabelSets& predicted, const std::vector<std::string>& labels) {
  std::string lines;
  for (size_t i = 0; i < data.file.examples.size(); ++i) {
    const Example& example = data.file.examples[i];
    ordered_json line;
    line["name"] = data.names[i];
    line["at"] = PlaceOf(example);
    if (!data.groups.empty()) line["group"] = data.groups[i];
    line["right"] = data.truth[i] == predicted[i];
    line["labels"] = example.labels;
    line["predicted"] = Names(predicted[i], labels);
    line["scores"] = HighScores(scores.row(static_cast<int64_t>(i)), labels);
    lines += OnOneLine(line);
  }
  return lines;
}

}  // namespace diffuser::training
