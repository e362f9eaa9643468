#include "tests/bench/child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace diffuser::bench {
namespace {

constexpr char kSelf[] = "/proc/self/exe";

std::vector<char*> Environment() {
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!absl::StartsWith(*entry, "OMP_WAIT_POLICY=")) environment.push_back(*entry);
  }
  environment.push_back(nullptr);
  return environment;
}

// posix_spawn with the standard output going to `descriptor`; 0 or an errno.
int Spawn(std::vector<char*> arguments, int descriptor, pid_t& process) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, descriptor, STDOUT_FILENO);
  const int error =
      posix_spawn(&process, kSelf, &actions, nullptr, arguments.data(), Environment().data());
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

absl::StatusOr<Child> Child::StartSelf(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return absl::InternalError(absl::StrCat("pipe: ", std::strerror(errno)));
  }
  std::string name = kSelf;
  std::vector<std::string> copies = arguments;
  std::vector<char*> pointers = {name.data()};
  for (std::string& argument : copies) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  pid_t process = 0;
  const int error = Spawn(std::move(pointers), ends[1], process);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return absl::InternalError(absl::StrCat(kSelf, ": ", std::strerror(error)));
  }
  return Child(process, fdopen(ends[0], "r"));
}

std::string Child::ReadLine() {
  std::string line;
  for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_)) {
    line += static_cast<char>(c);
  }
  return line;
}

int Child::Wait() {
  if (output_ != nullptr) std::fclose(std::exchange(output_, nullptr));
  if (process_ == 0) return -1;
  int status = 0;
  const pid_t ended = waitpid(std::exchange(process_, 0), &status, 0);
  return ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace diffuser::bench
