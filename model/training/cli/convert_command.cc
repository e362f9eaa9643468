#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "model/training/cli/commands.h"
#include "model/training/convert/convert.h"

namespace diffuser::training {
namespace {

constexpr char kKeepLabels[] = "keep";

std::string DescribePositions(const ConvertReport& report) {
  const int before = report.source_positions;
  const int after = report.config.max_position_embeddings;
  if (after == before) return absl::StrCat(after, ", as they were");
  return absl::StrCat(after, after > before ? ", repeated from " : ", the first of ", before);
}

void Print(const ConvertOptions& options, const ConvertReport& report) {
  const model::ModelConfig& config = report.config;
  std::cout << options.output << ": a Diffuser checkpoint of " << config.num_layers
            << " layers of width " << config.hidden_size << ", to be fine-tuned\n"
            << "  position embeddings: " << DescribePositions(report) << "\n"
            << "  labels: " << absl::StrJoin(config.labels, ", ") << "\n"
            << "  classification head: "
            << (report.new_head_reason.empty()
                    ? std::string("kept")
                    : absl::StrCat("made anew, untrained (", report.new_head_reason, ")"))
            << "\n"
            << "  dropped: "
            << (report.dropped.empty() ? "nothing" : absl::StrJoin(report.dropped, ", ")) << "\n"
            << "  tokenizer: "
            << (report.copied.empty() ? "none, the checkpoint has none"
                                      : absl::StrJoin(report.copied, ", "))
            << "\n";
}

absl::Status Run(ConvertOptions options) {
  if (options.labels.size() == 1 && options.labels[0] == kKeepLabels) options.labels.clear();
  const absl::StatusOr<ConvertReport> report = ConvertRoberta(options);
  if (!report.ok()) return report.status();
  Print(options, *report);
  return absl::OkStatus();
}

void AddGraphOptions(CLI::App& command, ConvertOptions& options) {
  command.add_option("--attention_window", options.attention_window, "Local window, even")
      ->capture_default_str();
  command.add_option("--num_rand", options.num_rand, "Random edges a node")->capture_default_str();
  command.add_option("--num_glob", options.num_glob, "Global nodes")->capture_default_str();
  command
      .add_option("--max_position_embeddings", options.max_position_embeddings,
                  "The longest document in tokens, and pad_token_id + 1 more")
      ->capture_default_str();
}

}  // namespace

void AddConvertCommand(CLI::App& app, absl::Status& status) {
  const auto options = std::make_shared<ConvertOptions>();
  CLI::App* command =
      app.add_subcommand("convert", "Make a Diffuser checkpoint of a RoBERTa one, to fine-tune");
  command->add_option("--from", options->from, "RoBERTa checkpoint directory")->required();
  command->add_option("--output", options->output, "Directory to make")->required();
  command->add_flag("--overwrite", options->overwrite, "Replace the files of --output");
  AddGraphOptions(*command, *options);
  command
      ->add_option("--labels", options->labels,
                   "Label names with commas between, or `keep` for the checkpoint's own (default)")
      ->delimiter(',');
  command->add_option("--seed", options->seed, "Of a classification head that is made anew")
      ->capture_default_str();
  command->callback([options, &status] { status = Run(*options); });
}

}  // namespace diffuser::training
