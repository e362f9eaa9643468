#include "model/training/report/model_card.h"

#include <array>
#include <cstddef>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/training/evaluation/score_tables.h"
#include "model/training/evaluation/table.h"

namespace diffuser::training {
namespace {

// 1234567 as 1,234,567.
std::string Grouped(int64_t number) {
  const std::string digits = absl::StrCat(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string_view Task(model::ProblemType type) {
  switch (type) {
    case model::ProblemType::kMultiLabel:
      return "multi-label: a sigmoid for each label";
    case model::ProblemType::kRegression:
      return "regression: a number";
    case model::ProblemType::kSingleLabel:
      break;
  }
  return "single-label: a softmax over the labels";
}

std::string FrontMatter(const ModelCardFacts& facts) {
  std::string text =
      "---\nlibrary_name: diffuser-serving\npipeline_tag: text-classification\n"
      "tags:\n- diffuser\n- long-documents\n- text-classification\n";
  if (facts.scores.has_value()) {
    absl::StrAppend(&text, "metrics:\n- f1\n- accuracy\n");
  }
  return text + "---\n\n";
}

std::string Model(const ModelCardFacts& facts) {
  const model::ModelConfig& config = facts.config;
  return absl::StrFormat(
      "# %s\n\n"
      "A Diffuser checkpoint (sparse attention, diffused over several hops) that classifies "
      "documents "
      "of up to %s tokens, %s. Longer ones are cut into overlapping windows whose scores are "
      "combined.\n\n"
      "%s\n",
      EscapeMarkdown(facts.name), Grouped(config.max_tokens()), Task(config.problem_type),
      TableAsMarkdown({.header = {"shape", ""},
                       .rows = {{"layers", absl::StrCat(config.num_layers)},
                                {"hidden size", absl::StrCat(config.hidden_size)},
                                {"heads", absl::StrCat(config.num_heads)},
                                {"feed-forward size", absl::StrCat(config.intermediate_size)},
                                {"vocabulary", Grouped(config.vocab_size)},
                                {"attention window", absl::StrCat(config.attention_window)},
                                {"random edges a token", absl::StrCat(config.num_rand)},
                                {"global tokens", absl::StrCat(config.num_glob)},
                                {"labels", absl::StrCat(config.labels.size())}}}));
}

std::vector<std::string> DataRow(std::string_view name, const DataDescription& data) {
  return {std::string(name), data.path, data.counts, data.long_documents};
}

std::string Data(const ModelCardFacts& facts) {
  std::string text = absl::StrCat(
      "## Data\n\n",
      TableAsMarkdown(
          {.header = {"set", "path", "what is in it", "long documents"},
           .rows = {DataRow("training", facts.train), DataRow("evaluation", facts.eval)}}),
      "\n");
  if (facts.label_documents.size() != facts.config.labels.size()) return text;
  Table labels{.header = {"label", "training documents"}, .rows = {}};
  for (size_t i = 0; i < facts.label_documents.size(); ++i) {
    labels.rows.push_back({facts.config.labels[i], Grouped(facts.label_documents[i])});
  }
  return absl::StrCat(text, TableAsMarkdown(labels), "\n");
}

std::string TrainingTime(absl::Duration time) {
  const int64_t minutes = absl::ToInt64Minutes(time + absl::Seconds(30));
  if (minutes < 2) return absl::StrFormat("%.0f s", absl::ToDoubleSeconds(time));
  if (minutes < 120) return absl::StrFormat("%d min", minutes);
  return absl::StrFormat("%d h %02d min", minutes / 60, minutes % 60);
}

std::string Training(const ModelCardFacts& facts) {
  Table table{.header = {"training", ""}, .rows = {}};
  table.rows.push_back({"steps", Grouped(facts.steps)});
  table.rows.push_back({"step kept", Grouped(facts.best_step)});
  table.rows.push_back({"tokens", Grouped(facts.trained_tokens)});
  table.rows.push_back({"time", TrainingTime(facts.training_time)});
  const double seconds = absl::ToDoubleSeconds(facts.training_time);
  if (seconds > 0) {
    const double speed = static_cast<double>(facts.trained_tokens) / seconds;
    table.rows.push_back({"tokens/s", Grouped(static_cast<int64_t>(speed + 0.5))});
  }
  Table settings{.header = {"setting", "value"}, .rows = {}};
  for (const auto& [name, value] : facts.settings) settings.rows.push_back({name, value});
  return absl::StrCat("## Training\n\n", TableAsMarkdown(table),
                      "\nThe curves are in `curves.svg`, their numbers in `metrics.csv`.\n\n"
                      "![Loss and scores over the steps](curves.svg)\n\n",
                      settings.rows.empty() ? "" : TableAsMarkdown(settings) + "\n");
}

std::string ScoresSection(const ModelCardFacts& facts) {
  if (!facts.scores.has_value()) return "";
  return absl::StrCat(
      "## Scores\n\nOn the evaluation data.\n\n",
      ScoresAsMarkdown(
          {.labels = facts.config.labels, .scores = *facts.scores, .groups = {}, .thresholds = {}}),
      "\n");
}

constexpr std::string_view kServing =
    "## Serving\n\n"
    "    diffuser-server --model=NAME=DIR\n"
    "    diffuser-client classify --evidence FILE\n\n"
    "DIR is this folder. `diffuser-train eval --model DIR --data FILE` scores it on other data, "
    "and "
    "with `--tune_thresholds --write` stores a threshold for each label in `config.json`.\n";

}  // namespace

std::string ModelCard(const ModelCardFacts& facts) {
  std::string card = FrontMatter(facts);
  for (const auto section : std::array{Model, Data, ScoresSection, Training})
    card += section(facts);
  card += kServing;
  return card;
}

}  // namespace diffuser::training
