#ifndef DIFFUSER_SERVER_BATCHING_COMPUTE_GATE_H_
#define DIFFUSER_SERVER_BATCHING_COMPUTE_GATE_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

#include "absl/base/thread_annotations.h"

namespace diffuser::batching {

// Lets one batch compute at a time, of whichever model: a batch uses all compute threads, so two at
// once would only slow each other down. Fair: whoever came first goes first, so models that are all
// busy take turns. Shared by the loops of all models. Thread-safe.
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

  // Blocks: until all who came before have left. The gate must outlive the pass.
  Pass Enter() {
    std::unique_lock lock(mutex_);
    const uint64_t ticket = next_ticket_++;
    turn_.wait(lock, [&] { return admitted_ == ticket; });
    return Pass(this);
  }

 private:
  void Release() {
    {
      const std::lock_guard lock(mutex_);
      ++admitted_;
    }
    turn_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable turn_;
  uint64_t next_ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t admitted_ ABSL_GUARDED_BY(mutex_) = 0;  // whose holder computes, or may next
};

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_COMPUTE_GATE_H_
