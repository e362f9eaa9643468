#include "server/services/call_gate.h"

#include <vector>

namespace diffuser::services {

CallGate::Pass CallGate::Enter(std::function<void()> on_close) {
  const std::lock_guard lock(mutex_);
  if (closed_) return {};
  const uint64_t number = next_number_++;
  inside_.emplace(number, std::move(on_close));
  return {this, number};
}

void CallGate::Leave(uint64_t number) {
  std::function<void()> on_idle;
  {
    const std::lock_guard lock(mutex_);
    inside_.erase(number);
    if (closed_ && inside_.empty()) on_idle = std::exchange(on_idle_, nullptr);
  }
  if (on_idle != nullptr) on_idle();
}

void CallGate::Close(std::function<void()> on_idle) {
  std::vector<std::function<void()>> callbacks;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    for (auto& [number, on_close] : inside_) {
      if (on_close != nullptr) callbacks.push_back(std::exchange(on_close, nullptr));
    }
    if (inside_.empty()) {
      callbacks.push_back(std::move(on_idle));
    } else {
      on_idle_ = std::move(on_idle);
    }
  }
  for (const std::function<void()>& callback : callbacks) callback();
}

bool CallGate::IsClosed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

int CallGate::calls_inside() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(inside_.size());
}

}  // namespace diffuser::services
