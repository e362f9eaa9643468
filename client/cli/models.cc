#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/json.h"
#include "client/cli/table.h"

namespace diffuser::cli {
namespace {

struct ModelsFlags {
  ConnectionFlags connection;
  bool json = false;
};

std::vector<std::string> ToRow(const v1::Model& model) {
  std::vector<std::string> row = {model.model(), model.version(),
                                  v1::ModelState_Name(model.state())};
  if (model.state() != v1::READY) {
    row.resize(9);
    row.push_back(model.message());
    return row;
  }
  for (std::string& cell : std::vector<std::string>{
           v1::ProblemType_Name(model.problem_type()), absl::StrCat(model.labels_size()),
           absl::StrCat(model.max_tokens()), absl::StrCat(model.vocab_size()),
           absl::StrCat(model.device(), " ", model.precision()),
           absl::StrFormat("%.2f s", ToSeconds(model.load_time())),
           model.has_tokenizer() ? "" : "token ids only"}) {
    row.push_back(std::move(cell));
  }
  return row;
}

int RunModels(const ModelsFlags& flags, Console& console) {
  const auto client = flags.connection.Connect(console);
  if (client == nullptr) return kUsage;
  const auto list = client->ListModels(flags.connection.call);
  if (!list.ok()) {
    Complain(console, Describe(list.status()));
    return kFailed;
  }
  std::vector<std::vector<std::string>> rows;
  for (const v1::Model& model : list->models()) {
    if (flags.json) console.out << ToLine(ModelToJson(model)) << "\n";
    rows.push_back(ToRow(model));
  }
  if (!flags.json) {
    console.out << FormatTable({{"MODEL"},
                                {"VERSION"},
                                {"STATE"},
                                {"TYPE"},
                                {"LABELS", 0, true},
                                {"MAX TOKENS", 0, true},
                                {"VOCABULARY", 0, true},
                                {"RUNS ON"},
                                {"LOADED IN", 0, true},
                                {"NOTE"}},
                               rows);
  }
  console.out.flush();
  return kOk;
}

}  // namespace

Command AddModels(CLI::App& parent, Console& console) {
  const auto flags = std::make_shared<ModelsFlags>();
  CLI::App* app = parent.add_subcommand("models", "List the server's models");
  app->add_flag("--json", flags->json, "Print one JSON object a line for each model");
  flags->connection.AddTo(*app);
  return {app, [flags, &console] { return RunModels(*flags, console); }};
}

}  // namespace diffuser::cli
