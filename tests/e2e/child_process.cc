#include "tests/e2e/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace diffuser::testing {
namespace {

// What execve takes; the strings must outlive it.
std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& each : strings) pointers.push_back(each.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const std::vector<std::string>& variables) {
  std::vector<std::string> all;
  for (char** each = environ; *each != nullptr; ++each) all.emplace_back(*each);
  all.insert(all.end(), variables.begin(), variables.end());
  return all;
}

// Becomes the program. Between fork and exec only what is safe in a signal handler may be called.
[[noreturn]] void Become(const char* path, char** arguments, char** environment, int out, int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execve(path, arguments, environment);
  _exit(127);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const std::string& path, const std::vector<std::string>& arguments,
    const std::vector<std::string>& variables) {
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = EnvironmentWith(variables);
  const std::vector<char*> argv = Pointers(words);
  const std::vector<char*> envp = Pointers(environment);
  int out[2];
  int err[2];
  if (pipe2(out, O_CLOEXEC) != 0) return absl::InternalError("no pipe");
  if (pipe2(err, O_CLOEXEC) != 0) return absl::InternalError("no pipe");
  const pid_t pid = fork();
  if (pid == 0) {
    Become(path.c_str(), const_cast<char**>(argv.data()), const_cast<char**>(envp.data()), out[1],
           err[1]);
  }
  close(out[1]);
  close(err[1]);
  if (pid < 0) return absl::InternalError("no process");
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, out[0], err[0]));
}

ChildProcess::ChildProcess(pid_t pid, int out, int err)
    : pid_(pid), reader_([this, out, err] { Read(out, err); }) {}

ChildProcess::~ChildProcess() {
  Signal(SIGKILL);
  reader_.join();
}

bool ChildProcess::Drain(int descriptor, std::string Output::*text) {
  char buffer[4096];
  const ssize_t got = read(descriptor, buffer, sizeof(buffer));
  if (got <= 0) return false;
  const absl::MutexLock lock(&mutex_);
  (output_.*text).append(buffer, static_cast<size_t>(got));
  return true;
}

void ChildProcess::Read(int out, int err) {
  pollfd pipes[] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
  constexpr std::string Output::*kTexts[] = {&Output::out, &Output::err};
  while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
    poll(pipes, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (pipes[i].fd < 0 || pipes[i].revents == 0 || Drain(pipes[i].fd, kTexts[i])) continue;
      close(pipes[i].fd);
      pipes[i].fd = -1;
    }
  }
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  const absl::MutexLock lock(&mutex_);  // no signal is sent to the number once it is given back
  int status = 0;
  waitpid(pid_, &status, 0);
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  reaped_ = true;
}

ChildProcess::Output ChildProcess::output() const {
  const absl::MutexLock lock(&mutex_);
  return output_;
}

bool ChildProcess::WaitUntil(absl::FunctionRef<bool(const Output&)> reached) const {
  const auto settled = [&]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return reaped_ || reached(output_);
  };
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&settled), kPatience);
  return reached(output_);
}

void ChildProcess::Signal(int signal) {
  const absl::MutexLock lock(&mutex_);
  if (!reaped_) kill(pid_, signal);
}

absl::StatusOr<int> ChildProcess::Wait() {
  const absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithTimeout(absl::Condition(&reaped_), kPatience)) {
    return absl::DeadlineExceededError(
        absl::StrCat("the program still runs; it said:\n", output_.out, output_.err));
  }
  return exit_code_;
}

}  // namespace diffuser::testing
