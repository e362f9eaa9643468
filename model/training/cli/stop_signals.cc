#include "model/training/cli/stop_signals.h"

namespace diffuser::training {
namespace {

// A signal handler can reach nothing but what is static.
std::atomic<bool> stop_flag = false;
static_assert(std::atomic<bool>::is_always_lock_free);

void SetStop(int) { stop_flag = true; }

}  // namespace

StopSignals::StopSignals() {
  stop_flag = false;
  struct sigaction action = {};
  action.sa_handler = &SetStop;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESETHAND | SA_RESTART;
  sigaction(SIGINT, &action, &before_int_);
  sigaction(SIGTERM, &action, &before_term_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &before_int_, nullptr);
  sigaction(SIGTERM, &before_term_, nullptr);
}

const std::atomic<bool>& StopSignals::stop() const { return stop_flag; }

}  // namespace diffuser::training
