#include "model/training/report/curves.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "model/training/report/panel.h"

namespace diffuser::training {
namespace {

using Cell = std::optional<double> MetricsRow::*;

Curve Collect(absl::Span<const MetricsRow> rows, std::string_view name, Cell cell) {
  Curve curve{std::string(name), {}};
  for (const MetricsRow& row : rows) {
    const std::optional<double>& value = row.*cell;
    if (value.has_value() && std::isfinite(*value)) {
      curve.points.push_back({static_cast<double>(row.step), *value});
    }
  }
  return curve;
}

}  // namespace

std::string DrawCurves(absl::Span<const MetricsRow> rows) {
  const double last_step =
      std::max(rows.empty() ? 0.0 : static_cast<double>(rows.back().step), 1.0);
  const Panel losses{.title = "Loss",
                     .x_name = "steps",
                     .x_high = last_step,
                     .curves = {Collect(rows, "train", &MetricsRow::train_loss),
                                Collect(rows, "eval", &MetricsRow::eval_loss)}};
  const Panel scores{.title = "Evaluation scores",
                     .x_name = "steps",
                     .x_high = last_step,
                     .curves = {Collect(rows, "micro F1", &MetricsRow::micro_f1),
                                Collect(rows, "macro F1", &MetricsRow::macro_f1),
                                Collect(rows, "exact match", &MetricsRow::exact_match)}};
  return DrawPanels("Loss and scores over the steps of training", {losses, scores});
}

}  // namespace diffuser::training
