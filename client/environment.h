#ifndef DIFFUSER_CLIENT_ENVIRONMENT_H_
#define DIFFUSER_CLIENT_ENVIRONMENT_H_

#include <memory>

#include "absl/time/time.h"

namespace diffuser::client {

// Time and chance, as the client sees them; tests bring their own. Thread-safe.
class Environment {
 public:
  virtual ~Environment() = default;

  // Never goes back.
  virtual absl::Time Now() = 0;

  // Blocks: until Now() >= `time`.
  virtual void SleepUntil(absl::Time time) = 0;

  // Uniform in [0, 1).
  virtual double Uniform() = 0;
};

// The machine's steady clock (set to the time of day once, here) and a generator seeded by the
// system.
std::shared_ptr<Environment> MakeSystemEnvironment();

}  // namespace diffuser::client

#endif  // DIFFUSER_CLIENT_ENVIRONMENT_H_
