#include "model/kernels/cuda/envelope.h"

#include <algorithm>

namespace diffuser::kernels::cuda {

void Envelope::Append(int64_t value) {
  const Point point = {corners_.back().length + 1, value};
  // A corner that is not above the line from the one before to the new point is none.
  while (corners_.size() > 1) {
    const Point& middle = corners_.back();
    const Point& first = corners_[corners_.size() - 2];
    if ((middle.value - first.value) * (point.length - first.length) >
        (point.value - first.value) * (middle.length - first.length)) {
      break;
    }
    corners_.pop_back();
  }
  corners_.push_back(point);
}

int64_t Envelope::MostOfSum(int64_t count, int64_t total) const {
  const auto after = std::find_if(corners_.begin(), corners_.end(), [&](const Point& corner) {
    return total < count * corner.length;
  });
  if (after == corners_.end()) return count * corners_.back().value;
  const Point& from = *std::prev(after);
  return count * from.value + (total - count * from.length) * (after->value - from.value) /
                                  (after->length - from.length);
}

}  // namespace diffuser::kernels::cuda
