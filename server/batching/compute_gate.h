#ifndef DIFFUSER_SERVER_BATCHING_COMPUTE_GATE_H_
#define DIFFUSER_SERVER_BATCHING_COMPUTE_GATE_H_

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "absl/base/thread_annotations.h"

namespace diffuser::batching {

// Lets only so many batches at a time compute on one device, of whichever model: on a CPU one,
// which uses all compute threads; on a GPU two, so that one is copied while the other computes.
// More would only slow each other down. Fair: whoever came first goes first, so models that are all
// busy take turns. Shared by the loops of all models on the device. Thread-safe.
//
// A loop enters first and chooses its batch then, so that the batch holds all that came meanwhile.
class ComputeGate {
 public:
  // The right to compute, held until it leaves or is destroyed. Move-only.
  class Pass {
   public:
    explicit Pass(ComputeGate* gate) : gate_(gate) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() { Leave(); }

    void Leave() {
      if (gate_ != nullptr) std::exchange(gate_, nullptr)->Release();
    }

   private:
    ComputeGate* gate_;
  };

  // `permits`: passes at a time, at least 1.
  explicit ComputeGate(int permits = 1) : permits_(permits), admitted_(permits) {}

  // Blocks: until all who came before have entered, and fewer than the permitted are inside. The
  // gate must outlive the pass.
  Pass Enter() {
    std::unique_lock lock(mutex_);
    const uint64_t ticket = next_ticket_++;
    turn_.wait(lock, [&] { return ticket < admitted_; });
    return Pass(this);
  }

  // Passes that are out.
  int inside() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::min(next_ticket_, admitted_) - (admitted_ - permits_));
  }

 private:
  void Release() {
    {
      const std::lock_guard lock(mutex_);
      ++admitted_;
    }
    turn_.notify_all();
  }

  const int permits_;
  mutable std::mutex mutex_;
  std::condition_variable turn_;
  uint64_t next_ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t admitted_ ABSL_GUARDED_BY(mutex_);  // tickets below it are inside, or have been
};

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_COMPUTE_GATE_H_
