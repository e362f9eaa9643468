#include <sys/ioctl.h>
#include <unistd.h>

#include <iostream>

#include "client/cli/cli.h"

namespace {

int TerminalWidth() {
  winsize size{};
  constexpr int kUsual = 80;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  diffuser::cli::Console console{.in = std::cin,
                                 .out = std::cout,
                                 .err = std::cerr,
                                 .out_is_terminal = isatty(STDOUT_FILENO) != 0,
                                 .err_is_terminal = isatty(STDERR_FILENO) != 0,
                                 .width = TerminalWidth(),
                                 .environment = diffuser::client::MakeSystemEnvironment()};
  return diffuser::cli::RunCli(argc, argv, console);
}
