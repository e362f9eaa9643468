#include "server/lifecycle/openmp_wait.h"

#include <unistd.h>

#include <cstdlib>

namespace diffuser::lifecycle {

void MakeOpenMpWaitPassively(char** argv) {
  constexpr char kPolicy[] = "OMP_WAIT_POLICY";
  if (std::getenv(kPolicy) != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  if (setenv(kPolicy, "PASSIVE", /*overwrite=*/0) != 0) return;
  execv("/proc/self/exe", argv);  // comes back only where it fails
}

}  // namespace diffuser::lifecycle
