#include "model/checkpoint/fault_list.h"

#include "absl/strings/str_cat.h"

namespace diffuser::checkpoint {
namespace {

constexpr size_t kMostKept = 10;

}  // namespace

void FaultList::Add(absl::string_view message) {
  ++count_;
  if (kept_.size() < kMostKept) kept_.emplace_back(message);
}

std::string FaultList::Lines() const {
  std::string lines;
  for (const std::string& message : kept_) absl::StrAppend(&lines, "\n  ", message);
  const int64_t more = count_ - static_cast<int64_t>(kept_.size());
  if (more > 0) absl::StrAppend(&lines, "\n  and ", more, " more");
  return lines;
}

}  // namespace diffuser::checkpoint
