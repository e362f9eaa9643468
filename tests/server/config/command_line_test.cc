#include "server/config/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "server/config/fields.h"

namespace diffuser::config {
namespace {

using testing::HasSubstr;

std::string WriteFile(const std::string& text) {
  static int count = 0;
  const std::string path = testing::TempDir() + "command_line_" + std::to_string(getpid()) + "_" +
                           std::to_string(++count) + ".txtpb";
  std::ofstream(path) << text;
  return path;
}

// The options that these sources give beside one model.
ServerOptions Options(Sources sources) {
  sources.arguments.push_back("--model=m=/m");
  const auto line = ParseCommandLine(sources);
  EXPECT_TRUE(line.ok()) << line.status();
  return line.ok() ? line->options : ServerOptions();
}

std::string ErrorOf(const Sources& sources) {
  const auto line = ParseCommandLine(sources);
  if (line.ok()) return "no error";
  EXPECT_EQ(line.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(line.status().message().find('\n'), absl::string_view::npos) << "one line";
  return std::string(line.status().message());
}

std::string FlagError(const std::string& flag) { return ErrorOf({.arguments = {flag}}); }

TEST(CommandLine, FillsDefaultsIn) {
  const ServerOptions options = Options({.cpus = 8});
  ASSERT_EQ(options.models.size(), 1U);
  EXPECT_EQ(options.models[0].name, "m");
  EXPECT_EQ(options.models[0].version, "1");
  EXPECT_EQ(options.models[0].directory, "/m");
  EXPECT_EQ(options.listen, "0.0.0.0:8001");
  EXPECT_EQ(options.metrics_listen, "0.0.0.0:8002");
  EXPECT_EQ(options.compute_threads, 8);
  EXPECT_EQ(options.tokenizer_threads, 2);
  EXPECT_EQ(options.max_batch_delay, absl::ZeroDuration());
  EXPECT_EQ(options.max_message_bytes, 4 << 20);
  EXPECT_EQ(options.drain_timeout, absl::Seconds(25));
  EXPECT_EQ(options.log_level, LogLevel::kInfo);
  EXPECT_EQ(options.device, "auto");
  EXPECT_EQ(options.on_device_failure, DeviceFailure::kExit);
  EXPECT_EQ(Options({.cpus = 1}).tokenizer_threads, 1);
}

TEST(CommandLine, EveryDefaultPassesItsOwnCheck) {
  EXPECT_TRUE(CheckFields(Defaults()).ok()) << CheckFields(Defaults());
}

TEST(CommandLine, TakesFlagsWithEqualsOrAsTwoArguments) {
  const ServerOptions options =
      Options({.arguments = {"--listen=127.0.0.1:0", "--max_batch_delay", "5ms", "--log_level",
                             "debug", "--on_device_failure=reload", "--precision=bfloat16"}});
  EXPECT_EQ(options.listen, "127.0.0.1:0");
  EXPECT_EQ(options.max_batch_delay, absl::Milliseconds(5));
  EXPECT_EQ(options.log_level, LogLevel::kDebug);
  EXPECT_EQ(options.on_device_failure, DeviceFailure::kReload);
  EXPECT_EQ(options.precision, "bfloat16");
}

TEST(CommandLine, TakesAPrecisionOfOneModel) {
  const auto line = ParseCommandLine({.arguments = {"--model=a=/x", "--model=b=/y",
                                                    "--model=b@2=/z", "--model_precision=b=int8"}});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(line->options.models[0].precision, "");
  EXPECT_EQ(line->options.models[1].precision, "int8");
  EXPECT_EQ(line->options.models[2].precision, "int8");
}

TEST(CommandLine, RefusesAPrecisionOfNoModelAndNoPrecisionOfAModel) {
  EXPECT_EQ(ErrorOf({.arguments = {"--model=a=/x", "--model_precision=b=int8"}}),
            "--model_precision=b=int8: no model of the name b is served");
  for (const std::string wrong : {"int8", "=int8", "a=int4", "a="}) {
    EXPECT_EQ(FlagError("--model_precision=" + wrong),
              "--model_precision=" + wrong +
                  ": must be NAME=PRECISION, with one of auto, float32, bfloat16, float16, int8");
  }
}

TEST(CommandLine, TakesSeveralModelsInOrder) {
  const auto line = ParseCommandLine({.arguments = {"--model=a=/x=y", "--model", "b@v2=/z"}});
  ASSERT_TRUE(line.ok()) << line.status();
  ASSERT_EQ(line->options.models.size(), 2U);
  EXPECT_EQ(line->options.models[0].directory, "/x=y");
  EXPECT_EQ(line->options.models[1].name, "b");
  EXPECT_EQ(line->options.models[1].version, "v2");
}

TEST(CommandLine, TakesModelsFromTheEnvironmentSeparatedByCommas) {
  const auto line = ParseCommandLine({.environment = {{"DIFFUSER_MODEL", "a=/x, b@2=/y"}}});
  ASSERT_TRUE(line.ok()) << line.status();
  ASSERT_EQ(line->options.models.size(), 2U);
  EXPECT_EQ(line->options.models[1].name, "b");
  EXPECT_EQ(line->options.models[1].directory, "/y");
}

TEST(CommandLine, LetsFlagsWinOverEnvironmentOverFileOverDefault) {
  const std::string path = WriteFile(
      "max_batch_tokens: 1000\nmax_batch_documents: 1000\nmax_queue_documents: 1000\n"
      "model: 'file=/f'\n");
  const Sources sources = {.arguments = {"--max_batch_tokens=3000"},
                           .environment = {{"DIFFUSER_CONFIG", path},
                                           {"DIFFUSER_MAX_BATCH_TOKENS", "2000"},
                                           {"DIFFUSER_MAX_BATCH_DOCUMENTS", "2000"},
                                           {"DIFFUSER_MAX_QUEUE_DOCUMENTS", ""}}};
  const ServerOptions options = Options(sources);
  EXPECT_EQ(options.max_batch_tokens, 3000);
  EXPECT_EQ(options.max_batch_documents, 2000);
  EXPECT_EQ(options.max_queue_documents, 1000) << "an empty variable counts as none";
  EXPECT_EQ(options.max_stream_documents, 64);
  ASSERT_EQ(options.models.size(), 1U) << "a repeatable setting is taken whole";
  EXPECT_EQ(options.models[0].name, "m");
}

TEST(CommandLine, LetsTheConfigFlagWinOverTheConfigVariable) {
  const std::string from_flag = WriteFile("max_batch_documents: 5");
  const std::string from_variable = WriteFile("max_batch_documents: 6");
  EXPECT_EQ(Options({.arguments = {"--config=" + from_flag},
                     .environment = {{"DIFFUSER_CONFIG", from_variable}}})
                .max_batch_documents,
            5);
}

TEST(CommandLine, SizesMessagesFromTheQueue) {
  EXPECT_EQ(Options({.arguments = {"--max_queue_tokens=1000000"}}).max_message_bytes, 16000000);
  EXPECT_EQ(Options({.arguments = {"--max_queue_tokens=2147483647"}}).max_message_bytes,
            2147483647);
  EXPECT_EQ(Options({.arguments = {"--max_message_bytes=1000"}}).max_message_bytes, 1000);
}

TEST(CommandLine, HelpNamesEveryFlagWithFormAndDefault) {
  const auto line = ParseCommandLine({.arguments = {"--help"}});
  ASSERT_TRUE(line.ok());
  for (const auto* field : Fields()) {
    EXPECT_THAT(line->print, HasSubstr("--" + field->name() + "=" + ValueForm(*field)));
    EXPECT_THAT(line->print, HasSubstr("[default: " + FlagOf(*field).default_()));
    EXPECT_FALSE(FlagOf(*field).help().empty()) << field->name();
  }
}

TEST(CommandLine, VersionNamesTheBuild) {
  const auto line = ParseCommandLine({.arguments = {"--version"}});
  ASSERT_TRUE(line.ok());
  EXPECT_THAT(line->print, testing::StartsWith("diffuser-server 0."));
}

TEST(CommandLine, RefusesWrongFlagsInOneLine) {
  EXPECT_EQ(FlagError("--max_batch_tokenz=3"),
            "--max_batch_tokenz: no such flag; --help lists them");
  EXPECT_EQ(FlagError("serve"), "serve: no such flag; --help lists them");
  EXPECT_THAT(FlagError("--listen"), HasSubstr("--listen"));
  EXPECT_THAT(FlagError("--max_batch_tokens="), HasSubstr("--max_batch_tokens"));
  EXPECT_EQ(ErrorOf({.arguments = {"--listen=a:1", "--listen=a:2"}}),
            "--listen: must be given at most once");
  EXPECT_EQ(ErrorOf({}), "--model: at least one NAME=DIR must be given");
  EXPECT_EQ(ErrorOf({.arguments = {"--model=a=/x", "--model=a=/y"}}),
            "--model=a=/y: model a version 1 must be given only once");
}

TEST(CommandLine, RefusesWrongValuesSayingWhatIsExpected) {
  const std::string count = ": must be a whole number from 1 to 2147483647";
  for (const std::string value : {"x", "0", "-1", "1.5", "2147483648", "99999999999999999999"}) {
    EXPECT_EQ(FlagError("--max_batch_tokens=" + value), "--max_batch_tokens=" + value + count);
  }
  const std::string duration = ": must be a duration such as 5ms, 1.5s or 2m, not negative";
  for (const std::string value : {"5", "-5ms", "inf", "soon"}) {
    EXPECT_EQ(FlagError("--drain_timeout=" + value), "--drain_timeout=" + value + duration);
  }
  for (const std::string value : {"8001", ":8001", "host", "host:x", "host:65536", "::1:8001"}) {
    EXPECT_THAT(FlagError("--listen=" + value),
                HasSubstr("--listen=" + value + ": must be HOST:PORT"));
  }
  for (const std::string value : {"a", "=/x", "a=", "a@=/x", "a b=/x"}) {
    EXPECT_THAT(FlagError("--model=" + value),
                HasSubstr("--model=" + value + ": must be NAME=DIR"));
  }
  EXPECT_EQ(FlagError("--log_level=loud"),
            "--log_level=loud: must be one of debug, info, warning, error");
  EXPECT_EQ(FlagError("--precision=int4"),
            "--precision=int4: must be one of auto, float32, bfloat16, float16, int8");
  EXPECT_EQ(FlagError("--on_device_failure=wait"),
            "--on_device_failure=wait: must be one of exit, reload");
}

TEST(CommandLine, TakesOneDeviceOrSeveral) {
  for (const std::string device :
       {"auto", "cpu", "cuda", "cuda:0", "cuda:12", "cuda:all", "cuda:0,cuda:1", "cuda:3,cuda:1"}) {
    EXPECT_EQ(Options({.arguments = {"--device=" + device}}).device, device);
    EXPECT_EQ(Options({.environment = {{"DIFFUSER_DEVICE", device}}}).device, device);
  }
}

TEST(CommandLine, RefusesDevicesThatAreNone) {
  for (const std::string device :
       {"tpu", "cuda:x", "cuda:-1", "cuda:01", "cuda:", "cuda:0,", "cuda:0,1", "cuda:0, cuda:1",
        "cuda,cuda:1", "cpu,cuda:0", "CUDA:0"}) {
    EXPECT_EQ(FlagError("--device=" + device),
              "--device=" + device +
                  ": must be auto, cpu, cuda, cuda:all, or cuda:N and more of those after commas");
  }
  EXPECT_EQ(FlagError("--device=cuda:1,cuda:0,cuda:1"),
            "--device=cuda:1,cuda:0,cuda:1: must be different devices; cuda:1 is there twice");
}

TEST(CommandLine, RefusesAQueueSmallerThanABatch) {
  EXPECT_EQ(ErrorOf({.arguments = {"--model=a=/x", "--max_queue_tokens=10"}}),
            "--max_queue_tokens=10: must be at least max_batch_tokens, 4096");
}

TEST(CommandLine, RefusesWrongVariablesNamingThem) {
  EXPECT_EQ(ErrorOf({.environment = {{"DIFFUSER_LOG_LEVEL", "loud"}}}),
            "DIFFUSER_LOG_LEVEL=loud: must be one of debug, info, warning, error");
  EXPECT_THAT(ErrorOf({.environment = {{"DIFFUSER_MODEL", "a=/x,b"}}}),
              HasSubstr("DIFFUSER_MODEL=b: must be NAME=DIR"));
}

TEST(CommandLine, RefusesWrongFilesNamingFileLineAndField) {
  const std::string unknown = WriteFile("listen: 'a:1'\nlisten_on: 'b:2'\n");
  EXPECT_THAT(FlagError("--config=" + unknown),
              testing::AllOf(HasSubstr(unknown + ":2: "), HasSubstr("listen_on")));
  const std::string type = WriteFile("max_batch_tokens: 'many'\n");
  EXPECT_THAT(FlagError("--config=" + type),
              testing::AllOf(HasSubstr(type + ":1: "), HasSubstr("max_batch_tokens")));
  const std::string range = WriteFile("\nmax_batch_tokens: -4\n");
  EXPECT_EQ(FlagError("--config=" + range),
            range + ": max_batch_tokens: must be a whole number from 1 to 2147483647");
  EXPECT_EQ(FlagError("--config=/nowhere/x"), "--config=/nowhere/x: cannot be read");
  EXPECT_EQ(FlagError("--config=" + testing::TempDir()),
            "--config=" + testing::TempDir() + ": cannot be read");
}

}  // namespace
}  // namespace diffuser::config
