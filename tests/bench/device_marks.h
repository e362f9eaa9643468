#ifndef DIFFUSER_TESTS_BENCH_DEVICE_MARKS_H_
#define DIFFUSER_TESTS_BENCH_DEVICE_MARKS_H_

#include <c10/core/Device.h>
#include <c10/core/Event.h>

#include <chrono>
#include <vector>

namespace diffuser::bench {

// Times a device's work between points in it, in its current stream: by the device's events, so
// that it is the device that is timed and not the thread that gives it work. On the CPU, which
// works at once, by the wall. Throws what LibTorch throws.
//
//   DeviceMarks marks(device);
//   marks.Add();
//   ...                                        // work that is put into the stream
//   marks.Add();
//   const double seconds = marks.Intervals()[0];
class DeviceMarks {
 public:
  explicit DeviceMarks(c10::Device device) : device_(device) {}

  void Add();

  // Seconds from each mark to the next. Blocks: until the device has come to the last.
  // REQUIRES: a mark.
  std::vector<double> Intervals() const;

 private:
  const c10::Device device_;
  std::vector<c10::Event> events_;                            // of a device
  std::vector<std::chrono::steady_clock::time_point> times_;  // on the CPU
};

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_DEVICE_MARKS_H_
