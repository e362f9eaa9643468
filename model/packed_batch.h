#ifndef DIFFUSER_MODEL_PACKED_BATCH_H_
#define DIFFUSER_MODEL_PACKED_BATCH_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace diffuser::model {

// Documents laid end to end without padding: the one type that the server and the model share.
//
//   PackedBatch batch;
//   batch.Append(first_ids);   // [L0]
//   batch.Append(second_ids);  // [L1]
//   batch.tokens();            // T = L0 + L1
//   batch.document(1);         // second_ids
//
// Invariants: offsets() has documents() + 1 entries, starts at 0, ends at tokens() and never falls.
// Not thread-safe while it is being filled; immutable use from many threads is safe.
class PackedBatch {
 public:
  // Whether an id is in the vocabulary, and a document's length is served, is checked by
  // Classifier::Validate, not here.
  void Append(absl::Span<const int32_t> ids) {
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    offsets_.push_back(static_cast<int32_t>(ids_.size()));
  }

  int documents() const { return static_cast<int>(offsets_.size()) - 1; }
  int tokens() const { return offsets_.back(); }
  int length(int document) const { return offsets_[document + 1] - offsets_[document]; }

  absl::Span<const int32_t> ids() const { return ids_; }          // [T]
  absl::Span<const int32_t> offsets() const { return offsets_; }  // [documents + 1]
  absl::Span<const int32_t> document(int index) const {
    return ids().subspan(offsets_[index], length(index));
  }

 private:
  std::vector<int32_t> ids_;
  std::vector<int32_t> offsets_ = {0};
};

}  // namespace diffuser::model

#endif  // DIFFUSER_MODEL_PACKED_BATCH_H_
