#ifndef DIFFUSER_MODEL_CHECKPOINT_FAULT_LIST_H_
#define DIFFUSER_MODEL_CHECKPOINT_FAULT_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace diffuser::checkpoint {

// What is wrong with the records of a file that is read to its end before anything is reported: all
// faults are counted, the first ten kept. Not thread-safe.
class FaultList {
 public:
  // `message` names the place: "FILE:LINE: what is wrong".
  void Add(absl::string_view message);

  int64_t count() const { return count_; }

  // The faults that were kept, and how many more there are, each on a line of its own, indented.
  std::string Lines() const;

 private:
  int64_t count_ = 0;
  std::vector<std::string> kept_;
};

}  // namespace diffuser::checkpoint

#endif  // DIFFUSER_MODEL_CHECKPOINT_FAULT_LIST_H_
