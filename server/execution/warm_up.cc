#include "server/execution/warm_up.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/packed_batch.h"

namespace diffuser::execution {
namespace {

// The lengths grow by this factor, from one token to no more than what pages everything in: a
// long document would only make the start slow.
constexpr int kLengthFactor = 8;
constexpr int kLongest = 64;

absl::Status ClassifyLengths(const model::Classifier& classifier, const std::vector<int>& lengths,
                             bool with_evidence) {
  const int32_t id = classifier.config().pad_token_id == 0 ? 1 : 0;
  model::PackedBatch batch;
  for (const int length : lengths) {
    const std::vector<int32_t> ids(length, id);
    if (absl::Status status = classifier.Validate(ids); !status.ok()) return status;
    batch.Append(ids);
  }
  return classifier.Classify(batch, std::vector<bool>(lengths.size(), with_evidence)).status();
}

}  // namespace

absl::Status WarmUp(const model::Classifier& classifier) {
  const int longest = std::min(kLongest, classifier.config().max_tokens());
  std::vector<int> shorter;
  for (int length = 1; length < longest; length *= kLengthFactor) {
    if (auto status = ClassifyLengths(classifier, {length}, false); !status.ok()) return status;
    shorter.push_back(length);
  }
  if (!shorter.empty()) {
    if (auto status = ClassifyLengths(classifier, shorter, true); !status.ok()) return status;
  }
  return ClassifyLengths(classifier, {longest}, false);
}

}  // namespace diffuser::execution
