#ifndef DIFFUSER_MODEL_CHECKPOINT_SHORTEST_NUMBER_H_
#define DIFFUSER_MODEL_CHECKPOINT_SHORTEST_NUMBER_H_

#include <array>
#include <charconv>

namespace diffuser::checkpoint {

// The double that JSON writes with the fewest digits which read back as the same float: 0.1f gives
// 0.1, not 0.10000000149011612.
inline double ShortestNumber(float value) {
  std::array<char, 32> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  double shortest = value;
  std::from_chars(buffer.data(), end, shortest);
  return shortest;
}

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_SHORTEST_NUMBER_H_
