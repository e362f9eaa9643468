#ifndef DIFFUSER_SERVER_SERVICES_CALL_GATE_H_
#define DIFFUSER_SERVER_SERVICES_CALL_GATE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "absl/base/thread_annotations.h"

namespace diffuser::services {

// The door that every call comes in by: open until the server drains, then shut for new calls while
// those inside finish. Thread-safe. No callback runs under its lock.
class CallGate {
 public:
  // A call's presence inside, from Enter until this is destroyed or assigned over. False: refused.
  class Pass {
   public:
    Pass() = default;
    Pass(CallGate* gate, uint64_t number) : gate_(gate), number_(number) {}
    Pass(Pass&& other) noexcept
        : gate_(std::exchange(other.gate_, nullptr)), number_(other.number_) {}
    Pass& operator=(Pass&& other) noexcept {
      if (this != &other) {
        Leave();
        gate_ = std::exchange(other.gate_, nullptr);
        number_ = other.number_;
      }
      return *this;
    }
    ~Pass() { Leave(); }

    explicit operator bool() const { return gate_ != nullptr; }

   private:
    void Leave() {
      if (gate_ != nullptr) std::exchange(gate_, nullptr)->Leave(number_);
    }

    CallGate* gate_ = nullptr;
    uint64_t number_ = 0;
  };

  // Lets a call in while the gate is open. `on_close`, if given, is called once when it closes,
  // unless the call has left by then; it may still be running when the call leaves. It is for calls
  // that do not end by themselves. The gate must outlive the pass.
  Pass Enter(std::function<void()> on_close = nullptr);

  // Refuses every call from now on. Calls `on_idle` once nobody is inside: now or later, on any
  // thread. REQUIRES: not closed yet.
  void Close(std::function<void()> on_idle);

  bool IsClosed() const;
  int calls_inside() const;

 private:
  void Leave(uint64_t number);

  mutable std::mutex mutex_;
  std::map<uint64_t, std::function<void()>> inside_ ABSL_GUARDED_BY(mutex_);  // on_close, by number
  std::function<void()> on_idle_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 1;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace diffuser::services

#endif  // DIFFUSER_SERVER_SERVICES_CALL_GATE_H_
