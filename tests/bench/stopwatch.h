#ifndef DIFFUSER_TESTS_BENCH_STOPWATCH_H_
#define DIFFUSER_TESTS_BENCH_STOPWATCH_H_

#include <chrono>
#include <ctime>

namespace diffuser::bench {

// Seconds since it was made.
class Stopwatch {
 public:
  // On the wall.
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

  // That the cores spent on this process, all its threads together.
  double cpu_seconds() const { return CpuSeconds() - cpu_begin_; }

 private:
  static double CpuSeconds() {
    timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }

  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  const double cpu_begin_ = CpuSeconds();
};

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_STOPWATCH_H_
