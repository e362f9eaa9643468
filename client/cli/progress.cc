#include "client/cli/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/text.h"

namespace diffuser::cli {
namespace {

constexpr absl::Duration kRedraw = absl::Milliseconds(100);
constexpr int kLongestBar = 30;

std::string Clock(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  return whole < 3600 ? absl::StrFormat("%d:%02d", whole / 60, whole % 60)
                      : absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

std::string ProgressLine(int64_t done, int64_t failed, int64_t total, absl::Duration elapsed,
                         int width) {
  const double seconds = absl::ToDoubleSeconds(elapsed);
  std::string tail = absl::StrFormat(" %d/%d %3d%%", done, total, done * 100 / total);
  if (seconds > 0 && done > 0) {
    const double speed = static_cast<double>(done) / seconds;
    absl::StrAppendFormat(&tail, "  %.1f/s  %s left", speed,
                          Clock(static_cast<double>(total - done) / speed));
  }
  if (failed > 0) absl::StrAppend(&tail, "  ", failed, " failed");
  const int room = std::min(kLongestBar, width - static_cast<int>(tail.size()) - 3);
  if (room <= 0) return std::string(FirstCharacters(tail, static_cast<size_t>(std::max(width, 0))));
  const int filled = static_cast<int>(done * room / total);
  return absl::StrCat("[", std::string(filled, '#'), std::string(room - filled, '.'), "]", tail);
}

Progress::Progress(Console& console, int64_t total)
    : console_(console),
      total_(total),
      visible_(console.err_is_terminal && total > 1),
      start_(console.environment->Now()) {}

void Progress::Clear() {
  if (!on_screen_) return;
  console_.err << "\r\x1b[K" << std::flush;
  on_screen_ = false;
  drawn_ = absl::InfinitePast();
}

void Progress::Count(bool failed) {
  ++done_;
  if (failed) ++failed_;
  const absl::Time now = console_.environment->Now();
  if (!visible_ || now - drawn_ < kRedraw) return;
  console_.err << "\r\x1b[K" << ProgressLine(done_, failed_, total_, now - start_, console_.width)
               << std::flush;
  drawn_ = now;
  on_screen_ = true;
}

}  // namespace diffuser::cli
