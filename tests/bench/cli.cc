#include "tests/bench/cli.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "tests/bench/run_command.h"

namespace diffuser::bench {

int RunBenchCli(int argc, const char* const* argv) {
  CLI::App app("Measures the engine beside its linear layers alone.", "diffuser-bench");
  RunOptions options;
  options.models = {"base", "model/checkpoints/licences"};
  app.add_option("--model", options.models, "")->delimiter(',');
  app.add_option("--precision", options.precisions, "")->delimiter(',');
  app.add_option("--case", options.cases, "")->delimiter(',');
  app.add_option("--repetitions", options.repetitions, "");
  app.add_option("--threads", options.threads, "");
  app.add_option("--cache", options.cache, "")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = RunBenchmark(options, std::cout, std::cerr);
  if (status.ok()) return kOk;
  std::cerr << "diffuser-bench: " << status.message() << std::endl;
  return kFailed;
}

}  // namespace diffuser::bench
