#ifndef DIFFUSER_CLIENT_CLI_PROGRESS_H_
#define DIFFUSER_CLIENT_CLI_PROGRESS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "client/cli/console.h"

namespace diffuser::cli {

// One line of a progress bar: share, counts, speed and the time that is left.
// REQUIRES: 0 <= done <= total, total > 0.
std::string ProgressLine(int64_t done, int64_t failed, int64_t total, absl::Duration elapsed,
                         int width);

// A bar on standard error that is drawn again at most ten times a second, where standard error is a
// terminal and there is more than one document; else nothing.
class Progress {
 public:
  // `console` must outlive it.
  Progress(Console& console, int64_t total);

  // Takes the bar off the terminal. Before anything else is written, and at the end.
  void Clear();

  // Counts one document and draws.
  void Count(bool failed);

 private:
  Console& console_;
  const int64_t total_;
  const bool visible_;
  const absl::Time start_;
  absl::Time drawn_ = absl::InfinitePast();
  bool on_screen_ = false;
  int64_t done_ = 0;
  int64_t failed_ = 0;
};

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_PROGRESS_H_
