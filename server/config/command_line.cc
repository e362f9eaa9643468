#include "server/config/command_line.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/text_format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "model/cpu_limit.h"
#include "server/config/build_info.h"
#include "server/config/fields.h"

namespace diffuser::config {
namespace {

using google::protobuf::FieldDescriptor;

absl::Status Wrong(absl::string_view origin, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(origin, ": ", what));
}

// The flags as they were given.
struct Flags {
  std::map<std::string, std::vector<std::string>> values;  // by field name, and "config"
  bool help = false;
  bool version = false;
};

absl::StatusOr<Flags> ReadFlags(const std::vector<std::string>& arguments) {
  CLI::App app;
  Flags flags;
  app.allow_extras();
  app.set_help_flag();
  app.add_flag("--help,-h", flags.help);
  app.add_flag("--version", flags.version);
  app.add_option("--config", flags.values["config"])->allow_extra_args(false);
  for (const FieldDescriptor* field : Fields()) {
    app.add_option("--" + field->name(), flags.values[field->name()])->allow_extra_args(false);
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(absl::StrCat(error.what(), "; --help lists the flags"));
  }
  if (const std::vector<std::string> rest = app.remaining(); !rest.empty()) {
    return Wrong(rest[0].substr(0, rest[0].find('=')), "no such flag; --help lists them");
  }
  return flags;
}

absl::StatusOr<ServerConfig> ConfigOf(const Flags& flags) {
  ServerConfig config;
  for (const FieldDescriptor* field : Fields()) {
    const std::vector<std::string>& values = flags.values.at(field->name());
    if (values.size() > 1 && !field->is_repeated()) {
      return Wrong("--" + field->name(), "must be given at most once");
    }
    for (const std::string& value : values) {
      const absl::Status status = SetField(*field, value, config);
      if (!status.ok()) {
        return Wrong(absl::StrCat("--", field->name(), "=", value), status.message());
      }
    }
  }
  return config;
}

std::string VariableOf(absl::string_view name) {
  return absl::StrCat("DIFFUSER_", absl::AsciiStrToUpper(name));
}

std::string ValueOf(const std::string& variable, const Sources& sources) {
  const auto found = sources.environment.find(variable);
  return found == sources.environment.end() ? "" : found->second;
}

absl::StatusOr<ServerConfig> ConfigOfEnvironment(const Sources& sources) {
  ServerConfig config;
  for (const FieldDescriptor* field : Fields()) {
    const std::string variable = VariableOf(field->name());
    const std::string value = ValueOf(variable, sources);
    if (value.empty()) continue;
    std::vector<std::string> values = {value};
    if (field->is_repeated()) values = absl::StrSplit(value, ',', absl::SkipWhitespace());
    for (const std::string& each : values) {
      const absl::Status status = SetField(*field, absl::StripAsciiWhitespace(each), config);
      if (!status.ok()) return Wrong(absl::StrCat(variable, "=", each), status.message());
    }
  }
  return config;
}

// Keeps the first error of a text proto.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber /*column*/,
                const std::string& message) override {
    if (!message_.empty()) return;
    line_ = line;
    message_ = message;
  }

  absl::Status In(const std::string& path, const std::string& text) const {
    const std::vector<std::string> lines = absl::StrSplit(text, '\n');
    const bool has_line = line_ >= 0 && line_ < static_cast<int>(lines.size());
    const absl::string_view line = has_line ? absl::StripAsciiWhitespace(lines[line_]) : "";
    return Wrong(absl::StrCat(path, ":", line_ + 1),
                 absl::StrCat(message_, line.empty() ? "" : absl::StrCat(" In: ", line)));
  }

 private:
  int line_ = 0;
  std::string message_;
};

absl::StatusOr<ServerConfig> ConfigOfFile(const std::string& path) {
  ServerConfig config;
  if (path.empty()) return config;
  std::ifstream file(path, std::ios::binary);
  std::error_code is_not_there;
  if (!file.is_open() || std::filesystem::is_directory(path, is_not_there)) {
    return Wrong("--config=" + path, "cannot be read");
  }
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, &config)) return error.In(path, text);
  const absl::Status status = CheckFields(config);
  if (!status.ok()) return Wrong(path, status.message());
  return config;
}

absl::StatusOr<std::vector<ModelOption>> Models(const ServerConfig& config) {
  if (config.model().empty()) return Wrong("--model", "at least one NAME=DIR must be given");
  std::vector<ModelOption> models;
  std::set<std::pair<std::string, std::string>> seen;
  for (const std::string& text : config.model()) {
    models.push_back(ToModel(text));
    if (!seen.emplace(models.back().name, models.back().version).second) {
      return Wrong("--model=" + text,
                   absl::StrCat("model ", models.back().name, " version ", models.back().version,
                                " must be given only once"));
    }
  }
  return models;
}

absl::Status SetPrecisions(const ServerConfig& config, std::vector<ModelOption>& models) {
  for (const std::string& text : config.model_precision()) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(text, absl::MaxSplits('=', 1));
    bool is_served = false;
    for (ModelOption& model : models) {
      if (model.name != pair.first) continue;
      model.precision = pair.second;
      is_served = true;
    }
    if (!is_served) {
      return Wrong("--model_precision=" + text,
                   absl::StrCat("no model of the name ", pair.first, " is served"));
    }
  }
  return absl::OkStatus();
}

LogLevel ToLogLevel(absl::string_view text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "warning") return LogLevel::kWarning;
  return text == "error" ? LogLevel::kError : LogLevel::kInfo;
}

int MessageBytes(const ServerConfig& config) {
  if (config.max_message_bytes() > 0) return static_cast<int>(config.max_message_bytes());
  const int64_t bytes = std::max<int64_t>(16 * config.max_queue_tokens(), 4 << 20);
  return static_cast<int>(std::min<int64_t>(bytes, std::numeric_limits<int>::max()));
}

int OrElse(int64_t value, int otherwise) { return value > 0 ? static_cast<int>(value) : otherwise; }

// REQUIRES: every field is set and passed CheckFields.
absl::StatusOr<ServerOptions> Resolve(const ServerConfig& config, int cpus) {
  absl::StatusOr<std::vector<ModelOption>> models = Models(config);
  if (!models.ok()) return models.status();
  if (auto status = SetPrecisions(config, *models); !status.ok()) return status;
  if (config.max_queue_tokens() < config.max_batch_tokens()) {
    return Wrong(absl::StrCat("--max_queue_tokens=", config.max_queue_tokens()),
                 absl::StrCat("must be at least max_batch_tokens, ", config.max_batch_tokens()));
  }
  return ServerOptions{
      .models = *std::move(models),
      .listen = config.listen(),
      .metrics_listen = config.metrics_listen(),
      .device = config.device(),
      .precision = config.precision(),
      .max_batch_tokens = static_cast<int>(config.max_batch_tokens()),
      .max_batch_documents = static_cast<int>(config.max_batch_documents()),
      .max_batch_delay = ToDuration(config.max_batch_delay()),
      .max_queue_tokens = config.max_queue_tokens(),
      .max_queue_documents = config.max_queue_documents(),
      .compute_threads = OrElse(config.compute_threads(), cpus),
      .tokenizer_threads = OrElse(config.tokenizer_threads(), std::max(cpus / 4, 1)),
      .max_message_bytes = MessageBytes(config),
      .max_batch_documents_per_call = static_cast<int>(config.max_batch_documents_per_call()),
      .max_stream_documents = static_cast<int>(config.max_stream_documents()),
      .on_device_failure =
          config.on_device_failure() == "reload" ? DeviceFailure::kReload : DeviceFailure::kExit,
      .drain_timeout = ToDuration(config.drain_timeout()),
      .log_level = ToLogLevel(config.log_level())};
}

std::string HelpText() {
  std::string text =
      "Serves Diffuser checkpoints over gRPC.\n\nUsage: diffuser-server --model=NAME=DIR "
      "[flags]\n\n"
      "A flag wins over its environment variable (--listen: DIFFUSER_LISTEN), that over the file\n"
      "(listen: \"0.0.0.0:8001\"), and that over the default.\n\n";
  const auto add = [&text](absl::string_view flag, absl::string_view help) {
    absl::StrAppend(&text, "  ", flag, "\n      ", help, ".\n");
  };
  add("--config=FILE", "Text proto of settings, one field per flag [default: none]");
  for (const FieldDescriptor* field : Fields()) {
    const FlagOptions& rule = FlagOf(*field);
    const std::string value = rule.default_().empty() ? "none" : rule.default_();
    add(absl::StrCat("--", field->name(), "=", ValueForm(*field)),
        absl::StrCat(rule.help(), " [default: ", value, "]"));
  }
  add("--version", "Print the version and leave");
  add("--help, -h", "Print this and leave");
  return text;
}

std::string VersionText() {
  const BuildInfo build = GetBuildInfo();
  return absl::StrCat("diffuser-server ", build.version, " (revision ", build.revision, ", ",
                      build.compiler, ")\n");
}

}  // namespace

absl::StatusOr<CommandLine> ParseCommandLine(const Sources& sources) {
  const absl::StatusOr<Flags> flags = ReadFlags(sources.arguments);
  if (!flags.ok()) return flags.status();
  if (flags->help) return CommandLine{.print = HelpText(), .options = {}};
  if (flags->version) return CommandLine{.print = VersionText(), .options = {}};

  const std::vector<std::string>& files = flags->values.at("config");
  if (files.size() > 1) return Wrong("--config", "must be given at most once");
  const std::string path = files.empty() ? ValueOf("DIFFUSER_CONFIG", sources) : files[0];

  ServerConfig config = Defaults();
  for (const absl::StatusOr<ServerConfig>& stronger :
       {ConfigOfFile(path), ConfigOfEnvironment(sources), ConfigOf(*flags)}) {
    if (!stronger.ok()) return stronger.status();
    Overlay(*stronger, config);
  }
  absl::StatusOr<ServerOptions> options = Resolve(config, sources.cpus);
  if (!options.ok()) return options.status();
  return CommandLine{.print = "", .options = *std::move(options)};
}

absl::StatusOr<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  Sources sources;
  if (argc > 1) sources.arguments.assign(argv + 1, argv + argc);
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::pair<std::string, std::string> entry =
        absl::StrSplit(*variable, absl::MaxSplits('=', 1));
    sources.environment.insert(entry);
  }
  sources.cpus = model::UsableCpus();
  return ParseCommandLine(sources);
}

}  // namespace diffuser::config
