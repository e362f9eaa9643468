#ifndef DIFFUSER_TESTS_BENCH_STOPWATCH_H_
#define DIFFUSER_TESTS_BENCH_STOPWATCH_H_

#include <chrono>

namespace diffuser::bench {

// Seconds since it was made.
class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_STOPWATCH_H_
