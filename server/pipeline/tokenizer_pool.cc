#include "server/pipeline/tokenizer_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace diffuser::pipeline {

TokenizerPool::TokenizerPool(const TokenizerPoolOptions& options) : options_(options) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Work(); });
}

TokenizerPool::~TokenizerPool() { Drain(absl::InfinitePast()); }

void TokenizerPool::Submit(int64_t bytes, Task task) {
  absl::Status status = Enqueue(bytes, task);
  if (status.ok()) {
    changed_.notify_one();
  } else {
    std::move(task)(std::move(status));
  }
}

// Moves the task away only if it returns OK.
absl::Status TokenizerPool::Enqueue(int64_t bytes, Task& task) {
  const std::lock_guard lock(mutex_);
  if (closed_) return absl::UnavailableError("the server is draining");
  if (static_cast<int64_t>(waiting_.size()) >= options_.max_tasks) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the tokenizer's queue is full: it holds at most ", options_.max_tasks, " texts"));
  }
  if (!waiting_.empty() && waiting_bytes_ + bytes > options_.max_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the tokenizer's queue is full: it holds at most ", options_.max_bytes, " bytes"));
  }
  waiting_.push_back({bytes, std::move(task)});
  waiting_bytes_ += bytes;
  return absl::OkStatus();
}

void TokenizerPool::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Entry entry = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= entry.bytes;
    const bool is_last = closed_ && waiting_.empty();
    lock.unlock();
    if (is_last) changed_.notify_all();
    std::move(entry.task)(absl::OkStatus());
    lock.lock();
  }
}

void TokenizerPool::Drain(absl::Time deadline) {
  std::deque<Entry> abandoned;
  {
    std::unique_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    changed_.wait_until(lock, absl::ToChronoTime(deadline), [&] { return waiting_.empty(); });
    abandoned.swap(waiting_);
    waiting_bytes_ = 0;
  }
  changed_.notify_all();
  for (Entry& entry : abandoned) {
    std::move(entry.task)(absl::UnavailableError("the server stopped before this document"));
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace diffuser::pipeline
