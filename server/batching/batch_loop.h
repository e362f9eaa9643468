#ifndef DIFFUSER_SERVER_BATCHING_BATCH_LOOP_H_
#define DIFFUSER_SERVER_BATCHING_BATCH_LOOP_H_

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "server/batching/clock.h"
#include "server/batching/compute_gate.h"
#include "server/batching/request.h"
#include "server/batching/request_queue.h"

namespace diffuser::batching {

// The computing side of one model: waits for work, enters the gate, takes a batch, hands it on.
//
// Owns the one thread on which the model computes and answers; shares the queue with whoever
// admits, and the gate with the loops of the other models. Start, Drain and destruction belong to
// one owner.
class BatchLoop {
 public:
  // Computes and answers every request of the batch (never empty); lets the pass go when the
  // computing is done, so that another model can begin while this one answers.
  using Handler = std::function<void(std::vector<Request> batch, ComputeGate::Pass pass)>;

  BatchLoop(std::shared_ptr<RequestQueue> queue, std::shared_ptr<ComputeGate> gate, Clock now,
            Handler handler);

  // Drains without waiting for what is queued.
  ~BatchLoop();
  BatchLoop(const BatchLoop&) = delete;
  BatchLoop& operator=(const BatchLoop&) = delete;

  // REQUIRES: not started yet.
  void Start();

  // One turn, on this thread; whether there was a batch. REQUIRES: not started (so that a test can
  // drive the loop without a thread).
  bool Step();

  // Admits nothing more; what is queued is still computed.
  void Close() { queue_->Close(); }

  // Closes, finishes what is queued and ends the thread. What has not begun when the
  // wall clock reaches `deadline` is answered UNAVAILABLE; a batch that is being computed is not
  // interrupted. Blocks: until the thread has ended. May be called again.
  void Drain(absl::Time deadline);

 private:
  const std::shared_ptr<RequestQueue> queue_;
  const std::shared_ptr<ComputeGate> gate_;
  const Clock now_;
  const Handler handler_;
  std::thread thread_;
};

}  // namespace diffuser::batching

#endif  // DIFFUSER_SERVER_BATCHING_BATCH_LOOP_H_
