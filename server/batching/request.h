#ifndef DIFFUSER_SERVER_BATCHING_REQUEST_H_
#define DIFFUSER_SERVER_BATCHING_REQUEST_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "model/classifier.h"
#include "server/batching/cancellation.h"
#include "server/batching/completion.h"

namespace diffuser::batching {

// What the model said of one unit, and when.
struct BatchedResult {
  model::Classification classification;
  absl::Time batch_begin;  // when the batch that held it began to be computed
  absl::Time batch_end;
};

// One unit of computing: a document, or one chunk of a long one. Move-only.
struct Request {
  std::vector<int32_t> ids;  // passes Classifier::Validate
  bool wants_evidence = false;
  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<const Cancellation> cancellation = nullptr;  // may be null: cannot be cancelled
  Completion<BatchedResult> done;

  // Set by RequestQueue::Admit.
  absl::Time enqueued = absl::InfinitePast();
  int64_t document_tokens = 0;   // of all units admitted together with this one
  uint64_t document_number = 0;  // the same for all units admitted together

  int tokens() const { return static_cast<int>(ids.size()); }
};

inline int64_t CountTokens(absl::Span<const Request> requests) {
  int64_t tokens = 0;
  for (const Request& request : requests) tokens += request.tokens();
  return tokens;
}

// OK while it is worth working for a caller: DEADLINE_EXCEEDED from his deadline on, before it
// CANCELLED once he has gone. (The deadline comes first because a call is cancelled at its deadline
// too.) `cancellation` may be null.
inline absl::Status CheckWanted(const Cancellation* cancellation, absl::Time deadline,
                                absl::Time now) {
  if (deadline <= now) {
    return absl::DeadlineExceededError("the deadline passed before the document was computed");
  }
  if (cancellation != nullptr && cancellation->IsCancelled()) {
    return absl::CancelledError("the caller went away before the document was computed");
  }
  return absl::OkStatus();
}

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_REQUEST_H_
