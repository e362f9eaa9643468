#ifndef DIFFUSER_SERVER_BATCHING_REQUEST_QUEUE_H_
#define DIFFUSER_SERVER_BATCHING_REQUEST_QUEUE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/batching/clock.h"
#include "server/batching/policy.h"
#include "server/batching/request.h"
#include "server/metrics/serving_observer.h"

namespace diffuser::batching {

// What may wait at once. A chunk of a long document counts as a document here.
struct QueueLimits {
  int64_t max_tokens = 1 << 20;  // > 0
  int64_t max_documents = 4096;  // > 0
};

// The requests of one model that wait to be computed, in order of arrival.
//
//   RequestQueue queue({.max_tokens = 1 << 20}, observer);
//   queue.Admit(std::move(chunks), absl::Now());            // any thread
//   while (queue.WaitForWork(limits, clock, retired)) {     // any number of computing threads
//     std::vector<Request> batch = queue.Take(limits, clock());
//     ...
//   }
//
// Thread-safe. Owns what it holds until it is taken; whoever takes a request owes its answer.
//
// Any number of threads may take, each with the limits of the device that it computes on. All of
// them are woken when something comes: which of their devices is free first, only they find out,
// and Take gives the others nothing. What Decide promises of "the next batches" it promises of the
// batches of all takers together, in the order in which they are taken.
//
// Invariants:
//   - each request is answered here (refused, expired, cancelled, abandoned) or handed out by Take,
//     never both and never neither;
//   - the units of one Admit are admitted all together or not at all;
//   - neither bound of QueueLimits is ever exceeded;
//   - no answer, and no call of the observer, is made with the lock held;
//   - expired and cancelled requests are not computed. They are found when a batch is taken, so
//     while one computes they keep their room in the queue, and their callers wait, until it ends.
//
// std::mutex rather than absl::Mutex, here and in all of the request path: the thread sanitizer
// sees through it although Abseil itself comes precompiled.
class RequestQueue {
 public:
  // `observer` may be shared and must be thread-safe; it is told of refusals, of drops (one a
  // document), of waiting times and of every change of what waits.
  RequestQueue(QueueLimits limits, std::shared_ptr<metrics::ServingObserver> observer);

  // Abandons what is left.
  ~RequestQueue();
  RequestQueue(const RequestQueue&) = delete;
  RequestQueue& operator=(const RequestQueue&) = delete;

  // Enqueues all units of one document. Where it is refused, answers each of them, on this thread:
  // RESOURCE_EXHAUSTED (no room now: retry), INVALID_ARGUMENT (more than the queue ever holds),
  // UNAVAILABLE (closed). REQUIRES: at least one unit.
  void Admit(std::vector<Request> document, absl::Time now);

  // Removes and answers the requests that nobody waits for any more (CANCELLED, DEADLINE_EXCEEDED),
  // then removes the batch that Decide chooses; empty if it says to wait.
  std::vector<Request> Take(const BatchLimits& limits, absl::Time now);

  // Blocks: until Decide would take something (true), or the queue is closed and empty (false), or
  // `retired`, which Retire of this queue sets (false).
  bool WaitForWork(const BatchLimits& limits, const Clock& now, const std::atomic<bool>& retired);

  // Sets `retired` and wakes whoever waits with it. It may be read without the queue's lock.
  void Retire(std::atomic<bool>& retired);

  // Refuses all from now on; what waits is still handed out.
  void Close();

  // Blocks: until the queue is empty (true), or the wall clock reaches `deadline` (false).
  bool WaitUntilEmpty(absl::Time deadline);

  // Closes, and answers all that waits UNAVAILABLE, on this thread.
  void Abandon();

 private:
  // Why a document may not come in, and the reason's name for the observer.
  struct Refusal {
    absl::Status status;
    metrics::RejectReason reason = metrics::RejectReason::kInvalid;
  };

  // What Take finds dead, with the answers owed.
  struct Dropped {
    std::vector<Request> requests;
    std::vector<absl::Status> statuses;
  };

  Refusal FindRefusal(int64_t documents, int64_t tokens) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Dropped RemoveUnwanted(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Request> RemoveBatch(const BatchLimits& limits, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Decision DecideNow(const BatchLimits& limits, absl::Time now) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnswerDropped(Dropped dropped);
  void ReportDepth();

  const QueueLimits limits_;
  const std::shared_ptr<metrics::ServingObserver> observer_;

  std::mutex mutex_;
  std::condition_variable work_;   // for takers: something came, or nothing will
  std::condition_variable empty_;  // for WaitUntilEmpty
  std::deque<Request> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t waiting_tokens_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t next_document_ ABSL_GUARDED_BY(mutex_) = 0;
  int head_passed_over_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool reporting_ ABSL_GUARDED_BY(mutex_) = false;     // a thread is in ReportDepth
  bool report_again_ ABSL_GUARDED_BY(mutex_) = false;  // and must tell a newer depth
};

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_REQUEST_QUEUE_H_
