#ifndef DIFFUSER_TESTS_BENCH_SELECTION_H_
#define DIFFUSER_TESTS_BENCH_SELECTION_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace diffuser::bench {

// Those of `all` (which have a `name`) that are asked for, in the order asked for; all where none
// is. Errors: INVALID_ARGUMENT with the names there are; `what` says of what.
template <typename Named>
absl::StatusOr<std::vector<Named>> Select(const std::vector<Named>& all,
                                          const std::vector<std::string>& asked,
                                          absl::string_view what) {
  if (asked.empty()) return all;
  std::vector<Named> selected;
  for (const std::string& name : asked) {
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const Named& named) { return named.name == name; });
    if (found == all.end()) {
      const auto append = [](std::string* out, const Named& named) { *out += named.name; };
      return absl::InvalidArgumentError(absl::StrCat("unknown ", what, " '", name, "'; expected ",
                                                     absl::StrJoin(all, ", ", append)));
    }
    selected.push_back(*found);
  }
  return selected;
}

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_SELECTION_H_
