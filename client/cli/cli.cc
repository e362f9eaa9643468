#include "client/cli/cli.h"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/commands.h"
#include "client/cli/text.h"

namespace diffuser::cli {

int RunCli(int argc, const char* const* argv, Console& console) {
  CLI::App app("Calls a Diffuser server: classifies long documents, measures, asks how it is.",
               "diffuser-client");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  const std::vector<Command> commands = {AddClassify(app, console), AddModels(app, console),
                                         AddHealth(app, console), AddLoad(app, console)};
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help, console.out, console.err);
  } catch (const CLI::ParseError& error) {
    Complain(console, absl::StrCat(Printable(error.what()), " (--help shows all flags)"));
    return kUsage;
  }
  for (const Command& command : commands) {
    if (command.app->parsed()) return command.run();
  }
  return kUsage;
}

}  // namespace diffuser::cli
