#ifndef DIFFUSER_SERVER_METRICS_BUCKETS_H_
#define DIFFUSER_SERVER_METRICS_BUCKETS_H_

#include <vector>

namespace diffuser::metrics {

// Upper bounds of histogram buckets. Seconds: from what an empty batch costs to what a caller waits
// for.
inline const std::vector<double>& SecondsBuckets() {
  static const auto& bounds = *new std::vector<double>{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
      0.25,   0.5,     1,      2.5,   5,      10,    20,   30,    60};
  return bounds;
}

inline const std::vector<double>& TokensBuckets() {
  static const auto& bounds = *new std::vector<double>{16,   32,   64,   128,   256,   512,  1024,
                                                       2048, 4096, 8192, 16384, 32768, 65536};
  return bounds;
}

inline const std::vector<double>& DocumentsBuckets() {
  static const auto& bounds = *new std::vector<double>{1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
  return bounds;
}

}  // namespace diffuser::metrics

#endif  // DIFFUSER_SERVER_METRICS_BUCKETS_H_
