#ifndef DIFFUSER_CLIENT_CLI_CONSOLE_H_
#define DIFFUSER_CLIENT_CLI_CONSOLE_H_

#include <istream>
#include <memory>
#include <ostream>

#include "absl/strings/string_view.h"
#include "client/environment.h"

namespace diffuser::cli {

// What a command talks to; main gives the process's own streams, tests give strings. Owns no
// stream.
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int width = 80;  // columns of the terminal
  std::shared_ptr<client::Environment> environment;
};

// The exit codes of diffuser-client.
enum ExitCode {
  kOk = 0,
  kFailed = 1,  // some documents failed, or the server did
  kUsage = 2,   // wrong flags or values
};

// Writes one line to `console.err`, as all complaints of the program look.
inline void Complain(Console& console, absl::string_view message) {
  console.err << "diffuser-client: " << message << std::endl;
}

}  // namespace diffuser::cli

#endif  // DIFFUSER_CLIENT_CLI_CONSOLE_H_
