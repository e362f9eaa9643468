#ifndef DIFFUSER_MODEL_TRAINING_REPORT_AXIS_H_
#define DIFFUSER_MODEL_TRAINING_REPORT_AXIS_H_

#include <vector>

namespace diffuser::training {

// Where an axis is marked: multiples of 1, 2 or 5 times a power of ten.
struct Axis {
  double low = 0;
  double high = 1;            // > low
  std::vector<double> ticks;  // ascending, in [low, high], first at low and last at high
};

// The axis with the finest ticks, at most `most_ticks` of them, whose ends enclose low and high.
// REQUIRES: finite low <= high; most_ticks >= 3.
Axis EncloseRange(double low, double high, int most_ticks);

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_REPORT_AXIS_H_
