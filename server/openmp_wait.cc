// Makes OpenMP's threads sleep, not spin, while they wait for one another. Spinning is a few
// percent faster on an idle machine; but the threads of gRPC and the tokenizer want a core now and
// then, and a thread that spins keeps it from the very one that it waits for: short answers then
// take tens of times as long. In a container with a CPU quota it also burns the quota.
//
// OpenMP reads this from the environment when it is loaded, which is before main: so the program
// starts itself once more, in the same process, with OMP_WAIT_POLICY=PASSIVE. It does so before the
// constructors of its libraries run, of which LibTorch's take ten times as long as all the rest.
// Where OMP_WAIT_POLICY or GOMP_SPINCOUNT is set, or where that fails, it goes on as it is.

#include <unistd.h>

#include <cstring>

namespace {

constexpr int kMostVariables = 4096;

bool IsSet(const char* variable, const char* name) {
  const size_t length = std::strlen(name);
  return std::strncmp(variable, name, length) == 0 && variable[length] == '=';
}

// Runs before the C library's own constructors: getenv and setenv know no environment yet.
void StartPassively(int /*argc*/, char** argv, char** environment) {
  static char passive[] = "OMP_WAIT_POLICY=PASSIVE";
  static char* variables[kMostVariables + 2];
  int count = 0;
  for (; environment[count] != nullptr; ++count) {
    const char* variable = environment[count];
    if (count == kMostVariables) return;
    if (IsSet(variable, "OMP_WAIT_POLICY") || IsSet(variable, "GOMP_SPINCOUNT")) return;
    variables[count] = environment[count];
  }
  variables[count] = passive;
  execve("/proc/self/exe", argv, variables);  // comes back only where it fails
}

[[gnu::section(".preinit_array"),
  gnu::used]] void (*const start_passively)(int, char**, char**) = StartPassively;

}  // namespace
