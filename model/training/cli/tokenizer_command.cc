#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "model/tokenizer/training.h"
#include "model/training/cli/commands.h"

namespace diffuser::training {
namespace {

using tokenizer::TokenizerTrainingOptions;
using tokenizer::TokenizerTrainingSummary;

absl::Status Run(const TokenizerTrainingOptions& options) {
  const absl::StatusOr<TokenizerTrainingSummary> summary = tokenizer::TrainTokenizer(options);
  if (!summary.ok()) return summary.status();
  std::cout << options.output << ": " << summary->vocab_size << " ids from " << summary->documents
            << " documents of " << summary->bytes << " bytes";
  if (summary->passed_over > 0) {
    std::cout << " (" << summary->passed_over << " documents were passed over for --max_bytes)";
  }
  std::cout << "\n";
  if (summary->vocab_size < options.vocab_size) {
    std::cerr << "diffuser-train: the texts give " << summary->vocab_size << " ids, fewer than the "
              << options.vocab_size << " of --vocab_size\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddTokenizerCommand(CLI::App& app, absl::Status& status) {
  const auto options = std::make_shared<TokenizerTrainingOptions>();
  CLI::App* command =
      app.add_subcommand("tokenizer", "Train a byte-level BPE tokenizer from texts");
  command
      ->add_option("--data", options->inputs,
                   "Texts: JSON lines with `text`, plain text files, folders of either; repeatable")
      ->required();
  command->add_option("--output", options->output, "The tokenizer.json to write")->required();
  command
      ->add_option("--vocab_size", options->vocab_size,
                   "Ids at most, special tokens and the 256 bytes included")
      ->capture_default_str();
  command
      ->add_option("--min_frequency", options->min_frequency,
                   "Pairs seen less often are never merged")
      ->capture_default_str();
  command->add_flag("--lowercase", options->lowercase, "Do not tell upper and lower case apart");
  command->add_flag("--collapse_spaces", options->collapse_spaces,
                    "Read runs of spaces and tabs as one space");
  command
      ->add_option("--max_bytes", options->max_bytes,
                   "Use about so much of the text, spread evenly")
      ->capture_default_str();
  command->callback([options, &status] { status = Run(*options); });
}

}  // namespace diffuser::training
