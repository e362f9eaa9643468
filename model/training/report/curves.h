#ifndef DIFFUSER_MODEL_TRAINING_REPORT_CURVES_H_
#define DIFFUSER_MODEL_TRAINING_REPORT_CURVES_H_

#include <string>

#include "absl/types/span.h"
#include "model/training/report/metrics_csv.h"

namespace diffuser::training {

// An SVG of a run's curves over its steps, in two panels: the losses (train, eval), and the scores
// (micro F1, macro F1, exact match). Readable on light and on dark ground; refers to nothing
// outside itself. Points that are no finite number are left out, and a panel without points says
// so. Pure. REQUIRES: steps that never fall.
std::string DrawCurves(absl::Span<const MetricsRow> rows);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_REPORT_CURVES_H_
