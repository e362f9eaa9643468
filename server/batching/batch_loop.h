#ifndef DIFFUSER_SERVER_BATCHING_BATCH_LOOP_H_
#define DIFFUSER_SERVER_BATCHING_BATCH_LOOP_H_

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "server/batching/clock.h"
#include "server/batching/compute_gate.h"
#include "server/batching/policy.h"
#include "server/batching/request.h"
#include "server/batching/request_queue.h"

namespace diffuser::batching {

// The computing side of one model on one device: waits for work, enters the device's gate, takes a
// batch, hands it on.
//
// Owns the threads on which the model computes and answers; shares the queue with whoever admits
// and with the loops of the model's other devices, and the gate with the loops of the other models
// on the device. Its threads end when the queue is closed and empty, or once it is retired.
class BatchLoop {
 public:
  // Computes and answers every request of the batch (never empty); lets the pass go when the
  // computing is done, so that another batch can begin while this one is answered. Called by all
  // threads of the loop at once.
  using Handler = std::function<void(std::vector<Request> batch, ComputeGate::Pass pass)>;

  BatchLoop(std::shared_ptr<RequestQueue> queue, std::shared_ptr<ComputeGate> gate,
            const BatchLimits& limits, Clock now, Handler handler);

  // Retires, and waits for the threads: so for the batches that are being computed.
  ~BatchLoop();
  BatchLoop(const BatchLoop&) = delete;
  BatchLoop& operator=(const BatchLoop&) = delete;

  // Begins with that many threads, at least 1. REQUIRES: not started yet.
  void Start(int threads);

  // One turn, on this thread; whether there was a batch. REQUIRES: not started (so that a test can
  // drive the loop without a thread).
  bool Step();

  // Takes no batch any more. From any thread, the handler's too. What is queued stays there.
  void Retire() { queue_->Retire(retired_); }
  bool is_retired() const { return retired_; }

  // Blocks: until the threads have ended, which something else must bring about. Not thread-safe.
  // May be called again.
  void Join();

 private:
  const std::shared_ptr<RequestQueue> queue_;
  const std::shared_ptr<ComputeGate> gate_;
  const BatchLimits limits_;
  const Clock now_;
  const Handler handler_;
  std::atomic<bool> retired_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_BATCH_LOOP_H_
