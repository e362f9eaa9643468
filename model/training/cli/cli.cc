#include "model/training/cli/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <string>

#include "model/training/cli/commands.h"

namespace diffuser::training {
namespace {

// Lines stay lines; what else could steer a terminal becomes a space.
void Complain(std::string message) {
  std::replace_if(
      message.begin(), message.end(),
      [](unsigned char byte) { return (byte < 0x20 && byte != '\n') || byte == 0x7F; }, ' ');
  std::cerr << "diffuser-train: " << message << std::endl;
}

}  // namespace

int RunTrainCli(int argc, const char* const* argv) {
  CLI::App app("Trains Diffuser checkpoints on labelled documents, and evaluates and makes them.",
               "diffuser-train");
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(40);
  absl::Status status;
  AddTrainCommand(app, status);
  AddEvalCommand(app, status);
  AddTokenizerCommand(app, status);
  AddConvertCommand(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help, std::cout, std::cerr);
  } catch (const CLI::ParseError& error) {
    Complain(std::string(error.what()) + " (--help shows all flags)");
    return kUsage;
  }
  if (status.ok()) return kOk;
  Complain(std::string(status.message()));
  return kFailed;
}

}  // namespace diffuser::training
