#include "model/training/cli/commands.h"
namespace diffuser::training { void AddEvalCommand(CLI::App&, absl::Status&) {} }
