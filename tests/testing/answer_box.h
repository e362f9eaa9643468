#ifndef DIFFUSER_TESTS_TESTING_ANSWER_BOX_H_
#define DIFFUSER_TESTS_TESTING_ANSWER_BOX_H_

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/batching/completion.h"

namespace diffuser::testing {

// Where the answers of a test's requests arrive, in order of arrival. Thread-safe; must outlive the
// completions it gives.
template <typename T>
class AnswerBox {
 public:
  batching::Completion<T> NewCompletion() {
    return batching::Completion<T>([this](absl::StatusOr<T> answer) {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
      changed_.notify_all();
    });
  }

  size_t size() const {
    const std::lock_guard lock(mutex_);
    return answers_.size();
  }

  // REQUIRES: index < size().
  absl::StatusOr<T> answer(size_t index) const {
    const std::lock_guard lock(mutex_);
    return answers_.at(index);
  }

  std::vector<absl::StatusCode> codes() const {
    const std::lock_guard lock(mutex_);
    std::vector<absl::StatusCode> codes;
    for (const auto& answer : answers_) codes.push_back(answer.status().code());
    return codes;
  }

  // Blocks: until `count` answers are there.
  void WaitFor(size_t count) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return answers_.size() >= count; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<absl::StatusOr<T>> answers_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_TESTING_ANSWER_BOX_H_
