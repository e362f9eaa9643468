#ifndef DIFFUSER_MODEL_TRAINING_REPORT_PROGRESS_LINE_H_
#define DIFFUSER_MODEL_TRAINING_REPORT_PROGRESS_LINE_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace diffuser::training {

// How far a run is. Units of work are steps, documents or whatever the caller counts.
struct Progress {
  int64_t step = 0;                                        // done, at most
  int64_t total_steps = 0;                                 // > 0
  double loss = std::numeric_limits<double>::quiet_NaN();  // NaN: none is shown
  double tokens_per_second = 0;
};

struct ProgressOptions {
  bool is_terminal = false;  // whether `out` is one that a line can be drawn again on
  int width = 80;            // columns of the terminal, > 0
  absl::Duration redraw = absl::Milliseconds(100);  // on a terminal, at most this often
  absl::Duration report = absl::Seconds(10);        // elsewhere, a plain line at most this often
  std::string_view unit = "step";                   // what is counted
};

// For std::cerr, as it is now: whether it is a terminal, and how wide.
ProgressOptions StandardErrorOptions();

// The text of a progress line: bar, step of total, share, loss, tokens/s, time left. `done_before`
// steps were done before `elapsed` began (a resumed run): time left goes by the others. Pure.
std::string FormatProgress(const Progress& progress, int64_t done_before, absl::Duration elapsed,
                           const ProgressOptions& options);

// Tells the reader of `out` (standard error) how a run goes: one line that is drawn again on a
// terminal, a plain line every now and then elsewhere. Takes its line off the terminal when it
// goes, so that an error is not written behind it. Not thread-safe.
class ProgressLine {
 public:
  // `out` outlives it. The time left is reckoned from now on; `first_step` steps are done already.
  ProgressLine(std::ostream& out, ProgressOptions options, std::function<absl::Time()> now,
               int64_t first_step = 0);
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Draws or writes if it is time to, and at the last step in any case.
  void Update(const Progress& progress);

  // Takes the line off a terminal. Before anything else is written there.
  void Clear();

  // Writes a line of its own, whatever is on the terminal: an evaluation's result, a warning.
  void Say(std::string_view line);

 private:
  std::ostream& out_;
  const ProgressOptions options_;
  const std::function<absl::Time()> now_;
  const int64_t first_step_;
  const absl::Time begin_;
  absl::Time written_;
  bool on_screen_ = false;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_REPORT_PROGRESS_LINE_H_
