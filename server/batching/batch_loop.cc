#include "server/batching/batch_loop.h"

#include <utility>

namespace diffuser::batching {

BatchLoop::BatchLoop(std::shared_ptr<RequestQueue> queue, std::shared_ptr<ComputeGate> gate,
                     Clock now, Handler handler)
    : queue_(std::move(queue)),
      gate_(std::move(gate)),
      now_(std::move(now)),
      handler_(std::move(handler)) {}

BatchLoop::~BatchLoop() { Drain(absl::InfinitePast()); }

void BatchLoop::Start() {
  thread_ = std::thread([this] {
    while (queue_->WaitForWork(now_)) Step();
  });
}

bool BatchLoop::Step() {
  ComputeGate::Pass pass = gate_->Enter();
  std::vector<Request> batch = queue_->Take(now_());
  if (batch.empty()) return false;
  handler_(std::move(batch), std::move(pass));
  return true;
}

void BatchLoop::Drain(absl::Time deadline) {
  queue_->Close();
  if (thread_.joinable()) {
    queue_->WaitUntilEmpty(deadline);
    queue_->Abandon();
    thread_.join();
  } else {
    queue_->Abandon();
  }
}

}  // namespace diffuser::batching
