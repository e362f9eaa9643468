#include "model/training/report/progress_line.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace diffuser::training {
namespace {

constexpr int kLongestBar = 30;
constexpr int kShortestBar = 5;

std::string Clock(double seconds) {
  const auto whole = static_cast<int64_t>(std::min(seconds, 1e9) + 0.5);
  return whole < 3600 ? absl::StrFormat("%d:%02d", whole / 60, whole % 60)
                      : absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string Facts(const Progress& progress, int64_t done_before, absl::Duration elapsed,
                  std::string_view unit) {
  std::string facts = absl::StrFormat("%s %d/%d %3d%%", unit, progress.step, progress.total_steps,
                                      progress.step * 100 / progress.total_steps);
  if (!std::isnan(progress.loss)) absl::StrAppendFormat(&facts, "  loss %.4f", progress.loss);
  absl::StrAppendFormat(&facts, "  %.0f tokens/s", progress.tokens_per_second);
  const int64_t done_now = progress.step - done_before;
  const double seconds = absl::ToDoubleSeconds(elapsed);
  if (done_now > 0 && seconds > 0) {
    const int64_t to_do = progress.total_steps - progress.step;
    absl::StrAppend(&facts, "  ", Clock(seconds * static_cast<double>(to_do) / done_now), " left");
  }
  return facts;
}

}  // namespace

ProgressOptions StandardErrorOptions() {
  ProgressOptions options;
  options.is_terminal = ::isatty(STDERR_FILENO) == 1;
  winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    options.width = size.ws_col;
  }
  return options;
}

std::string FormatProgress(const Progress& progress, int64_t done_before, absl::Duration elapsed,
                           const ProgressOptions& options) {
  std::string facts = Facts(progress, done_before, elapsed, options.unit);
  if (!options.is_terminal) return facts;
  // The last column stays free: some terminals break the line once it is full.
  const int width = options.width - 1;
  const int room = std::min(kLongestBar, width - static_cast<int>(facts.size()) - 3);
  if (room < kShortestBar) return facts.substr(0, std::max(width, 0));
  const int filled = static_cast<int>(progress.step * room / progress.total_steps);
  return absl::StrCat("[", std::string(filled, '#'), std::string(room - filled, '.'), "] ", facts);
}

ProgressLine::ProgressLine(std::ostream& out, ProgressOptions options,
                           std::function<absl::Time()> now, int64_t first_step)
    : out_(out),
      options_(options),
      now_(std::move(now)),
      first_step_(first_step),
      begin_(now_()),
      written_(options.is_terminal ? absl::InfinitePast() : begin_) {}

void ProgressLine::Update(const Progress& progress) {
  const absl::Time now = now_();
  const bool is_last = progress.step >= progress.total_steps;
  const absl::Duration pause = options_.is_terminal ? options_.redraw : options_.report;
  if (now - written_ < pause && !is_last) return;
  const std::string line = FormatProgress(progress, first_step_, now - begin_, options_);
  if (options_.is_terminal) {
    out_ << "\r\x1b[K" << line << std::flush;
    on_screen_ = true;
  } else {
    out_ << line << std::endl;
  }
  written_ = now;
}

void ProgressLine::Clear() {
  if (!on_screen_) return;
  out_ << "\r\x1b[K" << std::flush;
  on_screen_ = false;
  written_ = absl::InfinitePast();
}

void ProgressLine::Say(std::string_view line) {
  Clear();
  out_ << line << std::endl;
}

}  // namespace diffuser::training
