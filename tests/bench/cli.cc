#include "tests/bench/cli.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "model/checkpoint/file_writer.h"
#include "model/training/cli/parse_and_run.h"
#include "tests/bench/cases.h"
#include "tests/bench/history.h"
#include "tests/bench/precisions.h"
#include "tests/bench/probe.h"
#include "tests/bench/run_command.h"

namespace diffuser::bench {
namespace {

template <typename Named>
std::string NamesOf(const std::vector<Named>& all) {
  return absl::StrJoin(all, ", ", [](std::string* out, const Named& named) { *out += named.name; });
}

void AddDeviceFlag(CLI::App& app, std::string& device) {
  app.add_option("--device", device, "cpu, cuda (the first one) or cuda:N")
      ->type_name("DEVICE")
      ->capture_default_str();
}

void AddChoices(CLI::App& app, RunOptions& options) {
  AddDeviceFlag(app, options.device);
  app.add_option("--model", options.models,
                 "Checkpoints, comma-separated: folders, or `base` for random weights of the "
                 "published base shape")
      ->type_name("DIR")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--precision", options.precisions,
                 absl::StrCat("Comma-separated; without it all: ", NamesOf(AllPrecisions())))
      ->type_name("NAME")
      ->delimiter(',');
  app.add_option("--case", options.cases,
                 absl::StrCat("Comma-separated; without it all: ", NamesOf(AllCases()),
                              ". A number is one document of that many tokens; mixed and 64x64 are "
                              "4,096 tokens in documents of many lengths, and of 64 tokens each; "
                              "8x4096, 8 documents of 4,096, is part of `all` on devices only"))
      ->type_name("NAME")
      ->delimiter(',');
}

void AddIsaFlag(CLI::App& app, std::string& isa) {
  app.add_option("--isa", isa,
                 "native, or avx2: leave the instructions alone that a processor with no more than "
                 "AVX2 lacks")
      ->type_name("NAME")
      ->capture_default_str();
}

void AddMeasureFlags(CLI::App& app, RunOptions& options) {
  app.add_option("--repetitions", options.repetitions,
                 "Times that each case is measured, engine and floor in turn")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 1000).description(""))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "0: as many as the process may use")
      ->type_name("COUNT")
      ->check(CLI::Range(0, 1024).description(""))
      ->capture_default_str();
  AddIsaFlag(app, options.isa);
  app.add_flag(
      "--fresh_floor_memory", options.fresh_floor_memory,
      "Let the floor's outputs take new memory from LibTorch's allocator, as its operators "
      "do by themselves, instead of that of earlier outputs, which is faster");
  app.add_flag("--no_probes", options.no_probes,
               "Leave out start-up and memory, which take a process of their own for each case");
  app.add_option("--cache", options.cache, "Where the checkpoint `base` is kept, half a gigabyte")
      ->type_name("DIR")
      ->capture_default_str();
  app.add_option("--json", options.json, "Write the results here")->type_name("FILE");
  app.add_option("--history", options.history, "Append the results here, as one line of JSON")
      ->type_name("FILE");
}

absl::Status Plot(const std::string& history, const std::string& output) {
  const auto runs = ReadHistory(history);
  if (!runs.ok()) return runs.status();
  if (runs->empty()) return absl::InvalidArgumentError(history + ": holds no run");
  return checkpoint::WriteFileAtomically(output, PlotHistory(*runs));
}

void AddPlotCommand(CLI::App& app, absl::Status& status) {
  struct Files {
    std::string history, output;
  };
  CLI::App* command =
      app.add_subcommand("plot", "Draws the ratios to the floor over the runs of a history");
  const auto files = std::make_shared<Files>();
  command->add_option("--history", files->history, "What earlier runs appended to")
      ->required()
      ->type_name("FILE");
  command->add_option("--output", files->output, "The drawing, an SVG")
      ->required()
      ->type_name("FILE");
  command->callback([files, &status] { status = Plot(files->history, files->output); });
}

void AddProbeCommand(CLI::App& app, absl::Status& status) {
  CLI::App* command = app.add_subcommand(
      "probe",
      "Loads a checkpoint and classifies one batch twice, as a process of its own; prints "
      "`answered` after the first, and the peak of memory above the weights, in bytes, at the end");
  const auto options = std::make_shared<ProbeOptions>();
  options->precision = "float32";
  command->add_option("--model", options->model, "Checkpoint")->required()->type_name("DIR");
  AddDeviceFlag(*command, options->device);
  command->add_option("--precision", options->precision, NamesOf(AllPrecisions()))
      ->type_name("NAME")
      ->capture_default_str();
  command->add_option("--threads", options->threads, "That compute")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 1024).description(""))
      ->capture_default_str();
  command->add_option("--lengths", options->lengths, "Of the documents, comma-separated, in tokens")
      ->required()
      ->type_name("TOKENS")
      ->delimiter(',')
      ->check(CLI::Range(1, model::kGraphNodes).description(""));
  AddIsaFlag(*command, options->isa);
  command->callback([options, &status] { status = RunProbe(*options, STDOUT_FILENO); });
}

}  // namespace

int RunBenchCli(int argc, const char* const* argv) {
  CLI::App app(
      "Measures the engine beside its floor, the linear layers alone, in turns: seconds, ratios, "
      "seconds by part, start-up and memory. Tables go to standard output, progress to standard "
      "error. Keep the machine idle meanwhile; all cases at base shape take minutes.",
      "diffuser-bench");
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(40);
  RunOptions options;
  options.models = {"base", "model/checkpoints/licences"};
  absl::Status status;
  AddChoices(app, options);
  AddMeasureFlags(app, options);
  AddPlotCommand(app, status);
  AddProbeCommand(app, status);
  app.callback([&app, &options, &status] {
    if (!app.get_subcommands().empty()) return;
    status = RunBenchmark(options, absl::Now(), std::cout, std::cerr);
  });
  return training::ParseAndRun(app, argc, argv, status);
}

}  // namespace diffuser::bench
