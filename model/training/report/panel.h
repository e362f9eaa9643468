#ifndef DIFFUSER_MODEL_TRAINING_REPORT_PANEL_H_
#define DIFFUSER_MODEL_TRAINING_REPORT_PANEL_H_

#include <string>
#include <string_view>
#include <vector>

namespace diffuser::training {

struct CurvePoint {
  double x, y;  // finite
};

struct Curve {
  std::string name;
  std::vector<CurvePoint> points;  // x never falls; none: the curve is left out
};

// One pair of axes with its curves, at most four.
struct Panel {
  std::string title;
  std::string x_name;
  double x_low = 0;   // where the x axis begins at the latest
  double x_high = 0;  // where it ends at the earliest; >= x_low
  std::vector<Curve> curves;
};

// An SVG of the panels, one below the other; `label` says in words what they show. Readable on
// light and on dark ground; refers to nothing outside itself. Beside its name each curve's latest
// value stands; a panel without points says so. Pure.
std::string DrawPanels(std::string_view label, const std::vector<Panel>& panels);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_REPORT_PANEL_H_
