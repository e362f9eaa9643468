#include "model/training/report/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "model/training/report/axis.h"

namespace diffuser::training {
namespace {

// Lengths are in the SVG's own units, of which the drawing is kWidth wide.
constexpr int kWidth = 860;
constexpr int kPanelHeight = 300;
constexpr int kPanels = 2;
constexpr int kLeft = 70, kRight = 30, kTop = 40, kBottom = 45;  // margins within a panel
constexpr int kMostTicks = 7, kMostStepTicks = 10;
constexpr size_t kMostDots = 60;  // a curve of more points has none

// Colours of middling lightness, which stand out from white as from black.
constexpr std::string_view kStyle = R"(<style>
text { font: 13px system-ui, sans-serif; fill: #6e7781; }
.title { font-weight: 600; font-size: 15px; }
.grid { stroke: #8b949e; stroke-opacity: 0.3; }
.axis { stroke: #8b949e; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.c0 { stroke: #2f81f7; } .c1 { stroke: #e36209; } .c2 { stroke: #2da44e; }
.d0 { fill: #2f81f7; } .d1 { fill: #e36209; } .d2 { fill: #2da44e; }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9; } }
</style>
)";

struct Point {
  double x, y;
};

struct Curve {
  std::string_view name;
  std::vector<Point> points;
};

using Cell = std::optional<double> MetricsRow::*;

Curve Collect(absl::Span<const MetricsRow> rows, std::string_view name, Cell cell) {
  Curve curve{name, {}};
  for (const MetricsRow& row : rows) {
    const std::optional<double>& value = row.*cell;
    if (value.has_value() && std::isfinite(*value)) {
      curve.points.push_back({static_cast<double>(row.step), *value});
    }
  }
  return curve;
}

// One pair of axes with its curves over the steps up to `last_step`; `top` is where it begins in
// the drawing.
class Panel {
 public:
  Panel(std::string_view title, std::vector<Curve> curves, double last_step, int top)
      : title_(title),
        curves_(std::move(curves)),
        top_(top),
        x_(EncloseRange(0, std::max(last_step, 1.0), kMostStepTicks)) {}

  std::string Draw() {
    std::string svg = Text(kLeft, top_ + 22, "start", title_, "title");
    if (!FindHeight()) {
      return svg + Text(kWidth / 2, top_ + kPanelHeight / 2, "middle", "nothing measured yet", "");
    }
    absl::StrAppend(&svg, DrawAxes());
    for (size_t i = 0; i < curves_.size(); ++i) {
      absl::StrAppend(&svg, DrawCurve(i), DrawLegend(i));
    }
    return svg;
  }

 private:
  static std::string Text(double x, double y, std::string_view anchor, std::string_view text,
                          std::string_view css) {
    return absl::StrFormat(
        "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", css, x, y,
        anchor, text);
  }

  static std::string Line(Point from, Point to, std::string_view css) {
    return absl::StrFormat("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                           css, from.x, from.y, to.x, to.y);
  }

  // False if there is no point.
  bool FindHeight() {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const Curve& curve : curves_) {
      for (const Point& point : curve.points) {
        low = std::min(low, point.y);
        high = std::max(high, point.y);
      }
    }
    if (low > high) return false;
    y_ = EncloseRange(low, high, kMostTicks);
    return true;
  }

  Point Place(Point point) const {
    constexpr int kRoomX = kWidth - kLeft - kRight;
    constexpr int kRoomY = kPanelHeight - kTop - kBottom;
    return {kLeft + kRoomX * (point.x - x_.low) / (x_.high - x_.low),
            top_ + kTop + kRoomY * (y_.high - point.y) / (y_.high - y_.low)};
  }

  std::string DrawAxes() const {
    std::string svg;
    for (const double tick : y_.ticks) {
      const Point at = Place({x_.low, tick});
      absl::StrAppend(&svg, Line(at, Place({x_.high, tick}), "grid"),
                      Text(at.x - 8, at.y + 4, "end", absl::StrFormat("%.6g", tick), ""));
    }
    for (const double tick : x_.ticks) {
      const Point at = Place({tick, y_.low});
      absl::StrAppend(&svg, Line(at, {at.x, at.y + 5}, "axis"),
                      Text(at.x, at.y + 20, "middle", absl::StrFormat("%.6g", tick), ""));
    }
    const Point corner = Place({x_.low, y_.low});
    absl::StrAppend(&svg, Line(corner, Place({x_.high, y_.low}), "axis"),
                    Line(corner, Place({x_.low, y_.high}), "axis"),
                    Text(kWidth - kRight, corner.y + 38, "end", "steps", ""));
    return svg;
  }

  std::string DrawCurve(size_t index) const {
    std::string places, dots;
    const std::vector<Point>& points = curves_[index].points;
    for (const Point& point : points) {
      const Point at = Place(point);
      absl::StrAppendFormat(&places, "%s%.1f,%.1f", places.empty() ? "" : " ", at.x, at.y);
      if (points.size() > kMostDots) continue;
      absl::StrAppendFormat(&dots, "<circle class=\"d%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n",
                            index, at.x, at.y);
    }
    if (points.empty()) return "";
    return absl::StrFormat("<polyline class=\"curve c%d\" points=\"%s\"/>\n%s", index, places,
                           dots);
  }

  // From the right end of the title's line, the last curve outermost, with its latest value.
  std::string DrawLegend(size_t index) const {
    constexpr double kEntry = 175;
    const Curve& curve = curves_[index];
    if (curve.points.empty()) return "";
    const double x = kWidth - kRight - kEntry * static_cast<double>(curves_.size() - index);
    const double y = top_ + 22;
    return Line({x, y - 4}, {x + 22, y - 4}, absl::StrCat("curve c", index)) +
           Text(x + 28, y, "start", absl::StrFormat("%s %.4g", curve.name, curve.points.back().y),
                "");
  }

  const std::string_view title_;
  const std::vector<Curve> curves_;
  const int top_;
  const Axis x_;
  Axis y_;
};

}  // namespace

std::string DrawCurves(absl::Span<const MetricsRow> rows) {
  const double last_step = rows.empty() ? 0 : static_cast<double>(rows.back().step);
  Panel losses("Loss",
               {Collect(rows, "train", &MetricsRow::train_loss),
                Collect(rows, "eval", &MetricsRow::eval_loss)},
               last_step, 0);
  Panel scores("Evaluation scores",
               {Collect(rows, "micro F1", &MetricsRow::micro_f1),
                Collect(rows, "macro F1", &MetricsRow::macro_f1),
                Collect(rows, "exact match", &MetricsRow::exact_match)},
               last_step, kPanelHeight);
  return absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
      "aria-label=\"Loss and scores over the steps of training\">\n%s%s%s</svg>\n",
      kWidth, kPanelHeight * kPanels, kStyle, losses.Draw(), scores.Draw());
}

}  // namespace diffuser::training
