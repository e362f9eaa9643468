#ifndef DIFFUSER_MODEL_TRAINING_CLI_STOP_SIGNALS_H_
#define DIFFUSER_MODEL_TRAINING_CLI_STOP_SIGNALS_H_

#include <signal.h>

#include <atomic>

namespace diffuser::training {

// As long as it lives, the first SIGINT or SIGTERM only sets a flag; a second one of the same kind
// ends the process as ever. At most one at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Lock-free; may be read from any thread.
  const std::atomic<bool>& stop() const;

 private:
  struct sigaction before_int_;
  struct sigaction before_term_;
};

}  // namespace diffuser::training

#endif  // DIFFUSER_MODEL_TRAINING_CLI_STOP_SIGNALS_H_
