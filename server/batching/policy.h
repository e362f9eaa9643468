#ifndef DIFFUSER_SERVER_BATCHING_POLICY_H_
#define DIFFUSER_SERVER_BATCHING_POLICY_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"

namespace diffuser::batching {

// Which of the waiting units form the next batch.
//
// Work-conserving: whoever asks has nothing to compute, so he is told to begin at once with
// whatever waits; batches grow by themselves while he is busy. Only max_delay > 0 trades latency
// for size.
//
// Two orders of choice, because each alone lets somebody wait without bound:
//   oldest first    the head of the queue, then the rest in order of arrival;
//   shortest first  by the length of the whole document (all its chunks), ties in order of arrival.
// Either way units that do not fit into what is left of the budget are passed over for later ones
// that do, so that a batch is as full as it can be, and the first is taken even where it alone
// exceeds the budget. The choice is shortest first until the head has been passed over
// `max_passed_over` times in a row, then oldest first. Where everything fits, the orders are the
// same.
//
// Hence, with p = max_passed_over (1 unless set):
//   - the head is in one of the next p + 1 batches, so a unit with n older ones is in one of the
//     next (p + 1)(n + 1), whatever arrives after it: short documents never starve a long one;
//   - of every p + 1 batches p are shortest first, so a document which, with all shorter ones that
//     wait, fits into one batch is computed in one of the next two: neither many long documents nor
//     the hundreds of chunks of one hold up the short ones behind them;
//   - long documents keep at least one batch in p + 1.
// p = 0 is plain order of arrival with the gaps filled.
//
// Decide is pure. Cost: O(n log n) for n units, O(n) where they all fit.

struct BatchLimits {
  int budget_tokens = 4096;                         // > 0; of one batch, unless it is one unit
  int max_documents = 64;                           // > 0; units in one batch
  int max_passed_over = 1;                          // >= 0; times in a row that the head may be
  absl::Duration max_delay = absl::ZeroDuration();  // >= 0; the oldest waits for more to come
};

// What Decide needs to know of a waiting unit.
struct QueuedItem {
  int tokens = 0;
  int64_t document_tokens = 0;  // of all units that were admitted with it
  absl::Time enqueued;
};

struct QueueView {
  absl::Span<const QueuedItem> items;  // in order of arrival
  int head_passed_over = 0;            // batches in a row that left items[0] behind
  bool closed = false;                 // nothing more will come, so waiting gains nothing
};

struct Decision {
  std::vector<int> take;                           // indices into items, ascending; empty: wait
  absl::Time wait_until = absl::InfiniteFuture();  // if take is empty and nothing new comes
};

Decision Decide(const QueueView& queue, absl::Time now, const BatchLimits& limits);

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_POLICY_H_
