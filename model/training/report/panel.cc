#include "model/training/report/panel.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "model/training/report/axis.h"

namespace diffuser::training {
namespace {

// Lengths are in the SVG's own units, of which the drawing is kWidth wide.
constexpr int kWidth = 860;
constexpr int kPanelHeight = 300;
constexpr int kLeft = 70, kRight = 30, kTop = 40, kBottom = 45;  // margins within a panel
constexpr int kMostTicks = 7, kMostXTicks = 10;
constexpr size_t kMostDots = 60;  // a curve of more points has none

// Colours of middling lightness, which stand out from white as from black.
constexpr std::string_view kStyle = R"(<style>
text { font: 13px system-ui, sans-serif; fill: #6e7781; }
.title { font-weight: 600; font-size: 15px; }
.grid { stroke: #8b949e; stroke-opacity: 0.3; }
.axis { stroke: #8b949e; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; }
.c0 { stroke: #2f81f7; } .c1 { stroke: #e36209; } .c2 { stroke: #2da44e; } .c3 { stroke: #a475f9; }
.d0 { fill: #2f81f7; } .d1 { fill: #e36209; } .d2 { fill: #2da44e; } .d3 { fill: #a475f9; }
@media (prefers-color-scheme: dark) { text { fill: #c9d1d9; } }
</style>
)";

std::string Escape(std::string_view text) {
  return absl::StrReplaceAll(absl::string_view(text.data(), text.size()),
                             {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string Text(CurvePoint at, std::string_view anchor, std::string_view text,
                 std::string_view css) {
  return absl::StrFormat("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n",
                         css, at.x, at.y, anchor, Escape(text));
}

std::string Line(CurvePoint from, CurvePoint to, std::string_view css) {
  return absl::StrFormat("<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
                         css, from.x, from.y, to.x, to.y);
}

// Draws one panel; `top` is where it begins in the drawing.
class PanelDrawing {
 public:
  PanelDrawing(const Panel& panel, double top)
      : panel_(panel), top_(top), x_(EncloseRange(panel.x_low, panel.x_high, kMostXTicks)) {}

  std::string Draw() {
    std::string svg = Text({kLeft, top_ + 22}, "start", panel_.title, "title");
    if (!FindHeight()) {
      return svg +
             Text({kWidth / 2, top_ + kPanelHeight / 2}, "middle", "nothing measured yet", "");
    }
    absl::StrAppend(&svg, DrawAxes());
    for (size_t i = 0; i < panel_.curves.size(); ++i) {
      absl::StrAppend(&svg, DrawCurve(i), DrawLegend(i));
    }
    return svg;
  }

 private:
  // False if there is no point.
  bool FindHeight() {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const Curve& curve : panel_.curves) {
      for (const CurvePoint& point : curve.points) {
        low = std::min(low, point.y);
        high = std::max(high, point.y);
      }
    }
    if (low > high) return false;
    y_ = EncloseRange(low, high, kMostTicks);
    return true;
  }

  CurvePoint Place(CurvePoint point) const {
    constexpr int kRoomX = kWidth - kLeft - kRight;
    constexpr int kRoomY = kPanelHeight - kTop - kBottom;
    return {kLeft + kRoomX * (point.x - x_.low) / (x_.high - x_.low),
            top_ + kTop + kRoomY * (y_.high - point.y) / (y_.high - y_.low)};
  }

  std::string DrawAxes() const {
    std::string svg;
    for (const double tick : y_.ticks) {
      const CurvePoint at = Place({x_.low, tick});
      absl::StrAppend(&svg, Line(at, Place({x_.high, tick}), "grid"),
                      Text({at.x - 8, at.y + 4}, "end", absl::StrFormat("%.6g", tick), ""));
    }
    for (const double tick : x_.ticks) {
      const CurvePoint at = Place({tick, y_.low});
      absl::StrAppend(&svg, Line(at, {at.x, at.y + 5}, "axis"),
                      Text({at.x, at.y + 20}, "middle", absl::StrFormat("%.6g", tick), ""));
    }
    const CurvePoint corner = Place({x_.low, y_.low});
    absl::StrAppend(&svg, Line(corner, Place({x_.high, y_.low}), "axis"),
                    Line(corner, Place({x_.low, y_.high}), "axis"),
                    Text({kWidth - kRight, corner.y + 38}, "end", panel_.x_name, ""));
    return svg;
  }

  std::string DrawCurve(size_t index) const {
    std::string places, dots;
    const std::vector<CurvePoint>& points = panel_.curves[index].points;
    for (const CurvePoint& point : points) {
      const CurvePoint at = Place(point);
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
    const double entry = panel_.curves.size() > 3 ? 125 : 175;
    const Curve& curve = panel_.curves[index];
    if (curve.points.empty()) return "";
    const double x = kWidth - kRight - entry * static_cast<double>(panel_.curves.size() - index);
    const double y = top_ + 22;
    return Line({x, y - 4}, {x + 22, y - 4}, absl::StrCat("curve c", index)) +
           Text({x + 28, y}, "start", absl::StrFormat("%s %.4g", curve.name, curve.points.back().y),
                "");
  }

  const Panel& panel_;
  const double top_;
  const Axis x_;
  Axis y_;
};

}  // namespace

std::string DrawPanels(std::string_view label, const std::vector<Panel>& panels) {
  std::string drawings;
  for (size_t i = 0; i < panels.size(); ++i) {
    drawings += PanelDrawing(panels[i], static_cast<double>(i) * kPanelHeight).Draw();
  }
  return absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
      "aria-label=\"%s\">\n%s%s</svg>\n",
      kWidth, kPanelHeight * panels.size(), Escape(label), kStyle, drawings);
}

}  // namespace diffuser::training
