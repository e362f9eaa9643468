#include "model/device/batch_class.h"

#include <algorithm>
#include <bit>

namespace diffuser::device {
namespace {

constexpr unsigned kLeastStep = 64;  // tokens
constexpr int kClassesPerDoubling = 8;

int RoundUp(int value, int step) { return (value + step - 1) / step * step; }

int PowerOfTwo(int value, int most) {
  return std::min(static_cast<int>(std::bit_ceil(static_cast<unsigned>(value))), most);
}

}  // namespace

BatchBounds ExactBounds(const model::PackedBatch& batch) {
  BatchBounds bounds = {.tokens = batch.tokens(), .documents = batch.documents(), .longest = 0};
  for (int document = 0; document < batch.documents(); ++document) {
    bounds.longest = std::max(bounds.longest, batch.length(document));
  }
  return bounds;
}

BatchBounds ClassBounds(const model::PackedBatch& batch, const BatchBounds& most) {
  const BatchBounds exact = ExactBounds(batch);
  const unsigned half = std::bit_floor(static_cast<unsigned>(exact.tokens));
  const auto step = static_cast<int>(std::max(half / kClassesPerDoubling, kLeastStep));
  const int tokens = std::min(RoundUp(exact.tokens, step), most.tokens);
  return {.tokens = tokens,
          .documents = PowerOfTwo(exact.documents, std::min(tokens, most.documents)),
          .longest = PowerOfTwo(exact.longest, std::min(tokens, most.longest))};
}

}  // namespace diffuser::device
