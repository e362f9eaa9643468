#include "server/batching/request_queue.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"

namespace diffuser::batching {
namespace {

void AnswerAll(std::vector<Request> requests, const absl::Status& status) {
  for (Request& request : requests) std::move(request.done).Answer(status);
}

}  // namespace

RequestQueue::RequestQueue(QueueLimits limits, std::shared_ptr<metrics::ServingObserver> observer)
    : limits_(limits), observer_(std::move(observer)) {}

RequestQueue::~RequestQueue() { Abandon(); }

void RequestQueue::Admit(std::vector<Request> document, absl::Time now) {
  const int64_t tokens = CountTokens(document);
  Refusal refusal;
  {
    const std::lock_guard lock(mutex_);
    refusal = FindRefusal(static_cast<int64_t>(document.size()), tokens);
    if (refusal.status.ok()) {
      const uint64_t number = next_document_++;
      for (Request& request : document) {
        request.enqueued = now;
        request.document_tokens = tokens;
        request.document_number = number;
        waiting_.push_back(std::move(request));
      }
      waiting_tokens_ += tokens;
    }
  }
  if (!refusal.status.ok()) {
    observer_->OnRejected(refusal.reason);
    AnswerAll(std::move(document), refusal.status);
    return;
  }
  work_.notify_all();
  ReportDepth();
}

RequestQueue::Refusal RequestQueue::FindRefusal(int64_t documents, int64_t tokens) const {
  using metrics::RejectReason;
  if (closed_) {
    return {absl::UnavailableError("the server is draining"), RejectReason::kDraining};
  }
  const auto refuse = [](const char* what, int64_t found, int64_t limit) {
    if (found > limit) {
      return absl::InvalidArgumentError(
          absl::StrCat("document: is ", found, " ", what, "; the queue holds at most ", limit));
    }
    return absl::ResourceExhaustedError(
        absl::StrCat("the queue is full: it holds at most ", limit, " ", what));
  };
  if (waiting_tokens_ + tokens > limits_.max_tokens) {
    return {refuse("tokens", tokens, limits_.max_tokens), RejectReason::kQueueTokens};
  }
  const int64_t waiting = static_cast<int64_t>(waiting_.size());
  if (waiting + documents > limits_.max_documents) {
    return {refuse("documents or chunks", documents, limits_.max_documents),
            RejectReason::kQueueDocuments};
  }
  return {};
}

std::vector<Request> RequestQueue::Take(const BatchLimits& limits, absl::Time now) {
  Dropped dropped;
  std::vector<Request> batch;
  {
    const std::lock_guard lock(mutex_);
    dropped = RemoveUnwanted(now);
    batch = RemoveBatch(limits, now);
  }
  if (batch.empty() && dropped.requests.empty()) return batch;
  empty_.notify_all();
  ReportDepth();
  for (const Request& request : batch) observer_->OnDequeued(now - request.enqueued);
  AnswerDropped(std::move(dropped));
  return batch;
}

RequestQueue::Dropped RequestQueue::RemoveUnwanted(absl::Time now) {
  Dropped dropped;
  std::deque<Request> kept;
  for (size_t i = 0; i < waiting_.size(); ++i) {
    Request& request = waiting_[i];
    absl::Status wanted = CheckWanted(request.cancellation.get(), request.deadline, now);
    if (wanted.ok()) {
      kept.push_back(std::move(request));
      continue;
    }
    if (i == 0) head_passed_over_ = 0;
    waiting_tokens_ -= request.tokens();
    dropped.requests.push_back(std::move(request));
    dropped.statuses.push_back(std::move(wanted));
  }
  waiting_ = std::move(kept);
  return dropped;
}

std::vector<Request> RequestQueue::RemoveBatch(const BatchLimits& limits, absl::Time now) {
  const Decision decision = DecideNow(limits, now);
  std::vector<Request> batch;
  if (decision.take.empty()) return batch;
  head_passed_over_ = decision.take.front() == 0 ? 0 : head_passed_over_ + 1;
  std::deque<Request> kept;
  auto next = decision.take.begin();
  for (int i = 0; i < static_cast<int>(waiting_.size()); ++i) {
    if (next != decision.take.end() && *next == i) {
      waiting_tokens_ -= waiting_[i].tokens();
      batch.push_back(std::move(waiting_[i]));
      ++next;
    } else {
      kept.push_back(std::move(waiting_[i]));
    }
  }
  waiting_ = std::move(kept);
  return batch;
}

Decision RequestQueue::DecideNow(const BatchLimits& limits, absl::Time now) const {
  std::vector<QueuedItem> items;
  items.reserve(waiting_.size());
  for (const Request& request : waiting_) {
    items.push_back({request.tokens(), request.document_tokens, request.enqueued});
  }
  return Decide({.items = items, .head_passed_over = head_passed_over_, .closed = closed_}, now,
                limits);
}

// The units of one document expire and are cancelled together, and stand together: one drop.
void RequestQueue::AnswerDropped(Dropped dropped) {
  for (size_t i = 0; i < dropped.requests.size(); ++i) {
    const absl::Status& status = dropped.statuses[i];
    if (i == 0 || dropped.requests[i].document_number != dropped.requests[i - 1].document_number) {
      observer_->OnDropped(absl::IsCancelled(status) ? metrics::DropReason::kCancelled
                                                     : metrics::DropReason::kExpired);
    }
    std::move(dropped.requests[i].done).Answer(status);
  }
}

bool RequestQueue::WaitForWork(const BatchLimits& limits, const Clock& now,
                               const std::atomic<bool>& retired) {
  std::unique_lock lock(mutex_);
  while (!retired) {
    if (waiting_.empty()) {
      if (closed_) return false;
      work_.wait(lock);
      continue;
    }
    if (limits.max_delay <= absl::ZeroDuration()) return true;
    const absl::Time time = now();
    const Decision decision = DecideNow(limits, time);
    if (!decision.take.empty()) return true;
    const absl::Duration wait = std::min(decision.wait_until - time, absl::Minutes(1));
    work_.wait_for(lock, absl::ToChronoNanoseconds(wait));
  }
  return false;
}

// Under the lock, so that no taker is between its look at `retired` and its wait.
void RequestQueue::Retire(std::atomic<bool>& retired) {
  {
    const std::lock_guard lock(mutex_);
    retired = true;
  }
  work_.notify_all();
}

void RequestQueue::Close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  work_.notify_all();
}

bool RequestQueue::WaitUntilEmpty(absl::Time deadline) {
  std::unique_lock lock(mutex_);
  return empty_.wait_until(lock, absl::ToChronoTime(deadline), [&] { return waiting_.empty(); });
}

void RequestQueue::Abandon() {
  std::deque<Request> abandoned;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    abandoned.swap(waiting_);
    waiting_tokens_ = 0;
    head_passed_over_ = 0;
  }
  work_.notify_all();
  empty_.notify_all();
  if (!abandoned.empty()) ReportDepth();
  for (Request& request : abandoned) {
    std::move(request.done)
        .Answer(absl::UnavailableError("the server stopped before this document"));
  }
}

// Called after every change. The observer must be told without the lock, yet never an old depth
// after a newer one (it would stay on show while the queue idles): one thread tells at a time, and
// tells again what changed meanwhile.
void RequestQueue::ReportDepth() {
  std::unique_lock lock(mutex_);
  if (reporting_) {
    report_again_ = true;
    return;
  }
  reporting_ = true;
  do {
    report_again_ = false;
    const int64_t documents = static_cast<int64_t>(waiting_.size());
    const int64_t tokens = waiting_tokens_;
    lock.unlock();
    observer_->OnQueue(documents, tokens);
    lock.lock();
  } while (report_again_);
  reporting_ = false;
}

}  // namespace diffuser::batching
