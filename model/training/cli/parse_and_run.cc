#include "model/training/cli/parse_and_run.h"

#include <algorithm>
#include <iostream>
#include <string>

namespace diffuser::training {
namespace {

void Complain(const CLI::App& app, std::string message) {
  std::replace_if(
      message.begin(), message.end(),
      [](unsigned char byte) { return (byte < 0x20 && byte != '\n') || byte == 0x7F; }, ' ');
  std::cerr << app.get_name() << ": " << message << std::endl;
}

}  // namespace

ExitCode ParseAndRun(CLI::App& app, int argc, const char* const* argv, const absl::Status& status) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    app.exit(help, std::cout, std::cerr);
    return kOk;
  } catch (const CLI::ParseError& error) {
    Complain(app, std::string(error.what()) + " (--help shows all flags)");
    return kUsage;
  }
  if (status.ok()) return kOk;
  Complain(app, std::string(status.message()));
  return kFailed;
}

}  // namespace diffuser::training
