#ifndef DIFFUSER_SERVER_LOGGING_LOGGER_H_
#define DIFFUSER_SERVER_LOGGING_LOGGER_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace diffuser::logging {

enum class Level { kDebug, kInfo, kWarning, kError };

// One named value of an event. Does not own its text: it is written within Log.
struct Field {
  using Value = std::variant<std::string_view, int64_t, double, bool>;

  Field(std::string_view key_text, std::string_view text) : key(key_text), value(text) {}
  Field(std::string_view key_text, const char* text) : Field(key_text, std::string_view(text)) {}
  Field(std::string_view key_text, bool truth) : key(key_text), value(truth) {}
  Field(std::string_view key_text, double number) : key(key_text), value(number) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Field(std::string_view key_text, T number)
      : key(key_text), value(static_cast<int64_t>(number)) {}

  std::string_view key;
  Value value;
};

using Fields = std::initializer_list<Field>;

// Where the server tells what happens to it, event by event:
//
//   logger.Log(Level::kInfo, "listening", {{"grpc_port", 8001}});
//
// Events are short fixed names in snake_case; what varies goes into fields. No field ever holds
// text of a document. Thread-safe. Blocks: at most for writing one line.
class Logger {
 public:
  virtual ~Logger() = default;

  // Whether events of this level are written at all; for callers whose fields cost something.
  virtual bool IsEnabled(Level level) const = 0;
  virtual void Log(Level level, std::string_view event, Fields fields) = 0;
};

}  // namespace diffuser::logging

#endif  // DIFFUSER_SERVER_LOGGING_LOGGER_H_
