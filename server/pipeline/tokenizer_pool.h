#ifndef DIFFUSER_SERVER_PIPELINE_TOKENIZER_POOL_H_
#define DIFFUSER_SERVER_PIPELINE_TOKENIZER_POOL_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace diffuser::pipeline {

struct TokenizerPoolOptions {
  int threads = 1;              // > 0
  int64_t max_tasks = 4096;     // > 0; texts that may wait
  int64_t max_bytes = 1 << 28;  // > 0; their length in all, unless it is one text
};

// The threads on which texts are tokenized, and the texts that wait for them, in order of arrival.
// Shared by all models, so that tokenizing never takes more cores than it was given. Thread-safe;
// Drain and destruction belong to one owner.
//
// Every task is called exactly once and never under a lock: with OK on a thread of the pool, or
// with the reason why not.
class TokenizerPool {
 public:
  using Task = absl::AnyInvocable<void(absl::Status) &&>;

  explicit TokenizerPool(const TokenizerPoolOptions& options);

  // Drains without waiting for what is queued.
  ~TokenizerPool();
  TokenizerPool(const TokenizerPool&) = delete;
  TokenizerPool& operator=(const TokenizerPool&) = delete;

  // Queues a task that holds a text of `bytes` bytes. Where it is refused, calls it at once, on
  // this thread: RESOURCE_EXHAUSTED (full; retry), UNAVAILABLE (draining).
  void Submit(int64_t bytes, Task task);

  // Takes nothing more, finishes what is queued and ends the threads. What has not begun when the
  // wall clock reaches `deadline` is called with UNAVAILABLE; a task that runs is not interrupted.
  // Blocks: until the threads have ended. May be called again.
  void Drain(absl::Time deadline);

 private:
  struct Entry {
    int64_t bytes;
    Task task;
  };

  void Work();
  absl::Status Enqueue(int64_t bytes, Task& task);

  const TokenizerPoolOptions options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Entry> waiting_ ABSL_GUARDED_BY(mutex_);
  int64_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace diffuser::pipeline

#endif  // DIFFUSER_SERVER_PIPELINE_TOKENIZER_POOL_H_
