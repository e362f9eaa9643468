#include "server/batching/batch_loop.h"

#include <utility>

namespace diffuser::batching {

BatchLoop::BatchLoop(std::shared_ptr<RequestQueue> queue, std::shared_ptr<ComputeGate> gate,
                     const BatchLimits& limits, Clock now, Handler handler)
    : queue_(std::move(queue)),
      gate_(std::move(gate)),
      limits_(limits),
      now_(std::move(now)),
      handler_(std::move(handler)) {}

BatchLoop::~BatchLoop() {
  Retire();
  Join();
}

void BatchLoop::Start(int threads) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (queue_->WaitForWork(limits_, now_, retired_)) Step();
    });
  }
}

// Whether it is retired is looked at inside the gate: what waited there for a device that failed
// meanwhile must not take a batch to it.
bool BatchLoop::Step() {
  ComputeGate::Pass pass = gate_->Enter();
  if (retired_) return false;
  std::vector<Request> batch = queue_->Take(limits_, now_());
  if (batch.empty()) return false;
  handler_(std::move(batch), std::move(pass));
  return true;
}

void BatchLoop::Join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace diffuser::batching
