#ifndef DIFFUSER_SERVER_BATCHING_COMPLETION_H_
#define DIFFUSER_SERVER_BATCHING_COMPLETION_H_

#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace diffuser::batching {

// The duty to answer a request exactly once. Move-only; dropped unanswered, it answers INTERNAL, so
// that no caller waits for ever.
//
//   Completion<Answer> done([reactor](absl::StatusOr<Answer> answer) { reactor->Finish(...); });
//   std::move(done).Answer(absl::CancelledError("..."));
//
// Never answered under a lock: the callback may run anything.
template <typename T>
class Completion {
 public:
  using Callback = absl::AnyInvocable<void(absl::StatusOr<T>) &&>;

  explicit Completion(Callback callback) : callback_(std::move(callback)) {}
  Completion(Completion&& other) noexcept : callback_(std::exchange(other.callback_, nullptr)) {}
  Completion& operator=(Completion&& other) noexcept {
    if (this != &other) {
      Drop();
      callback_ = std::exchange(other.callback_, nullptr);
    }
    return *this;
  }
  ~Completion() { Drop(); }

  // REQUIRES: not answered and not moved from.
  void Answer(absl::StatusOr<T> answer) && {
    std::move(std::exchange(callback_, nullptr))(std::move(answer));
  }

 private:
  void Drop() {
    if (callback_ != nullptr) {
      std::move(*this).Answer(absl::InternalError("the request was dropped unanswered"));
    }
  }

  Callback callback_;
};

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_COMPLETION_H_
