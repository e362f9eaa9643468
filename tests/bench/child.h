#ifndef DIFFUSER_TESTS_BENCH_CHILD_H_
#define DIFFUSER_TESTS_BENCH_CHILD_H_

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace diffuser::bench {

// A process that runs this very program, and whose standard output is read line by line. Move-only;
// waits for the process when it goes.
class Child {
 public:
  // Starts it with `arguments` and without OMP_WAIT_POLICY in its environment.
  // Errors: INTERNAL naming what failed.
  static absl::StatusOr<Child> StartSelf(const std::vector<std::string>& arguments);

  Child(Child&& other) noexcept
      : process_(std::exchange(other.process_, 0)),
        output_(std::exchange(other.output_, nullptr)) {}
  Child& operator=(Child&&) = delete;
  ~Child() { Wait(); }

  // The next line without its end; empty at the end of the output. Blocks: until there is one.
  std::string ReadLine();

  // Blocks: until the process ends. Its exit code, or -1 where a signal ended it or it has been
  // waited for.
  int Wait();

 private:
  Child(pid_t process, FILE* output) : process_(process), output_(output) {}

  pid_t process_;
  FILE* output_;  // owned
};

}  // namespace diffuser::bench

#endif  // DIFFUSER_TESTS_BENCH_CHILD_H_
