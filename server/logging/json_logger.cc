#include "server/logging/json_logger.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/time/clock.h"

namespace diffuser::logging {
namespace {

using Json = nlohmann::ordered_json;

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

std::string_view Name(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

std::string ToLine(absl::Time time, Level level, std::string_view event, Fields fields) {
  Json line;
  line["ts"] = absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", time, absl::UTCTimeZone());
  line["level"] = Name(level);
  line["event"] = event;
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.key)] = value; }, field.value);
  }
  return line.dump(/*indent=*/-1, /*indent_char=*/' ', /*ensure_ascii=*/false,
                   Json::error_handler_t::replace);
}

class JsonLogger : public Logger {
 public:
  JsonLogger(Level level, spdlog::sink_ptr sink, std::function<absl::Time()> now)
      : now_(std::move(now)), logger_("diffuser", std::move(sink)) {
    logger_.set_pattern("%v");
    logger_.set_level(ToSpdlog(level));
    logger_.flush_on(spdlog::level::trace);
  }

  bool IsEnabled(Level level) const override { return logger_.should_log(ToSpdlog(level)); }

  void Log(Level level, std::string_view event, Fields fields) override {
    if (!IsEnabled(level)) return;
    logger_.log(ToSpdlog(level), spdlog::string_view_t(ToLine(now_(), level, event, fields)));
  }

 private:
  std::function<absl::Time()> now_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Logger> MakeJsonLogger(Level level, std::ostream& out,
                                       std::function<absl::Time()> now) {
  return std::make_unique<JsonLogger>(level, std::make_shared<spdlog::sinks::ostream_sink_mt>(out),
                                      std::move(now));
}

std::unique_ptr<Logger> MakeStderrLogger(Level level) {
  return std::make_unique<JsonLogger>(level, std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                      absl::Now);
}

}  // namespace diffuser::logging
