#include "model/training/evaluation/score_tables.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/checkpoint/shortest_number.h"
#include "model/training/evaluation/table.h"

namespace diffuser::training {
namespace {

using nlohmann::ordered_json;

std::string Share(double value) { return absl::StrFormat("%.4f", value); }

Table MeansTable(const Scores& scores) {
  return {.header = {"mean", "precision", "recall", "F1"},
          .rows = {
              {"micro", Share(scores.micro.precision()), Share(scores.micro.recall()),
               Share(scores.micro.f1())},
              {absl::StrCat("macro over ", scores.labels_with_support, " labels"),
               Share(scores.macro_precision), Share(scores.macro_recall), Share(scores.macro_f1)}}};
}

Table GroupsTable(const std::vector<NamedScores>& groups) {
  Table table{
      .header = {"group", "documents", "micro P", "micro R", "micro F1", "macro F1", "exact match"},
      .rows = {}};
  for (const auto& [name, scores] : groups) {
    table.rows.push_back({name, absl::StrCat(scores.documents), Share(scores.micro.precision()),
                          Share(scores.micro.recall()), Share(scores.micro.f1()),
                          Share(scores.macro_f1), Share(scores.exact_match)});
  }
  return table;
}

// The labels that occur or were predicted, those of most documents first.
Table LabelsTable(const ScoreReport& report) {
  std::vector<size_t> order;
  for (size_t i = 0; i < report.labels.size(); ++i) {
    if (report.scores.labels[i] != Counts{}) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return report.scores.labels[a].support() > report.scores.labels[b].support();
  });
  const bool has_thresholds = !report.thresholds.empty();
  Table table{
      .header = {"label", "documents", "right", "wrong", "missed", "precision", "recall", "F1"},
      .rows = {}};
  for (const size_t i : order) {
    const Counts& counts = report.scores.labels[i];
    table.rows.push_back({report.labels[i], absl::StrCat(counts.support()),
                          absl::StrCat(counts.true_positives), absl::StrCat(counts.false_positives),
                          absl::StrCat(counts.false_negatives), Share(counts.precision()),
                          Share(counts.recall()), Share(counts.f1())});
    if (has_thresholds) table.rows.back().push_back(Share(report.thresholds[i]));
  }
  if (has_thresholds) table.header.push_back("threshold");
  return table;
}

std::string Compose(const ScoreReport& report, std::string (*format)(const Table&)) {
  std::string text = absl::StrCat("Documents: ", report.scores.documents,
                                  ", exact match: ", Share(report.scores.exact_match), "\n\n",
                                  format(MeansTable(report.scores)));
  if (!report.groups.empty()) absl::StrAppend(&text, "\n", format(GroupsTable(report.groups)));
  const Table labels = LabelsTable(report);
  if (!labels.rows.empty()) absl::StrAppend(&text, "\n", format(labels));
  return text;
}

ordered_json MeansAsJson(const Scores& scores) {
  return {{"documents", scores.documents},
          {"exact_match", scores.exact_match},
          {"micro",
           {{"precision", scores.micro.precision()},
            {"recall", scores.micro.recall()},
            {"f1", scores.micro.f1()}}},
          {"macro",
           {{"labels", scores.labels_with_support},
            {"precision", scores.macro_precision},
            {"recall", scores.macro_recall},
            {"f1", scores.macro_f1}}}};
}

ordered_json CountsAsJson(const Counts& counts) {
  return {{"support", counts.support()},
          {"true_positives", counts.true_positives},
          {"false_positives", counts.false_positives},
          {"false_negatives", counts.false_negatives},
          {"precision", counts.precision()},
          {"recall", counts.recall()},
          {"f1", counts.f1()}};
}

}  // namespace

std::string ScoresAsText(const ScoreReport& report) { return Compose(report, TableAsText); }

std::string ScoresAsMarkdown(const ScoreReport& report) { return Compose(report, TableAsMarkdown); }

ordered_json ScoresAsJson(const ScoreReport& report) {
  ordered_json json = MeansAsJson(report.scores);
  ordered_json labels = ordered_json::object();
  for (size_t i = 0; i < report.labels.size(); ++i) {
    ordered_json& label = labels[report.labels[i]] = CountsAsJson(report.scores.labels[i]);
    if (!report.thresholds.empty())
      label["threshold"] = checkpoint::ShortestNumber(report.thresholds[i]);
  }
  json["labels"] = std::move(labels);
  if (report.groups.empty()) return json;
  ordered_json groups = ordered_json::object();
  for (const auto& [name, scores] : report.groups) groups[name] = MeansAsJson(scores);
  json["groups"] = std::move(groups);
  return json;
}

}  // namespace diffuser::training
