#ifndef DIFFUSER_TESTS_E2E_CHILD_PROCESS_H_
#define DIFFUSER_TESTS_E2E_CHILD_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace diffuser::testing {

// How long a program may take to come up, to end or to reach a state, before a test fails.
inline constexpr absl::Duration kPatience = absl::Seconds(60);

// A program under test, whose output is read as it comes. Thread-safe.
//
// The program never outlives this object, nor the thread that started it: it is killed with either.
class ChildProcess {
 public:
  struct Output {
    std::string out;
    std::string err;
  };

  // Runs `path` with these arguments (the program's name not counted), in this environment and
  // these `variables` (NAME=VALUE). Errors: INTERNAL (no descriptors or processes left).
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(
      const std::string& path, const std::vector<std::string>& arguments,
      const std::vector<std::string>& variables = {});

  // Kills the program if it still runs, and waits for it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // What the program has written so far.
  Output output() const;

  // Blocks: until `reached` holds of the output (true), or the program has ended or kPatience is
  // over without that (false).
  bool WaitUntil(absl::FunctionRef<bool(const Output&)> reached) const;

  // Sends a signal; does nothing to a program that has ended.
  void Signal(int signal);

  // The exit code, or 128 + the signal that ended it. Blocks: until it has ended, for kPatience at
  // most. Errors: DEADLINE_EXCEEDED (it still runs), with its output.
  absl::StatusOr<int> Wait();

 private:
  ChildProcess(pid_t pid, int out, int err);

  void Read(int out, int err);
  // Takes what there is off a pipe; whether there may be more.
  bool Drain(int descriptor, std::string Output::*text);

  const pid_t pid_;
  mutable absl::Mutex mutex_;
  Output output_ ABSL_GUARDED_BY(mutex_);
  bool reaped_ ABSL_GUARDED_BY(mutex_) = false;
  int exit_code_ ABSL_GUARDED_BY(mutex_) = -1;
  std::thread reader_;
};

}  // namespace diffuser::testing

#endif  // DIFFUSER_TESTS_E2E_CHILD_PROCESS_H_
