#ifndef DIFFUSER_SERVER_BATCHING_CANCELLATION_H_
#define DIFFUSER_SERVER_BATCHING_CANCELLATION_H_

#include <atomic>

namespace diffuser::batching {

// Set once by whoever notices that the caller has gone; read before work is begun. Thread-safe. It
// orders no other memory: nothing may be handed over through it.
class Cancellation {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool IsCancelled() const { return cancelled_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> cancelled_ = false;
};

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_CANCELLATION_H_
