#ifndef DIFFUSER_SERVER_LOGGING_JSON_LOGGER_H_
#define DIFFUSER_SERVER_LOGGING_JSON_LOGGER_H_

#include <functional>
#include <memory>
#include <ostream>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "server/logging/logger.h"

namespace diffuser::logging {

// Writes every event of `level` and above as one line of JSON and flushes it:
//
//   {"ts":"2026-01-31T12:00:00.123Z","level":"info","event":"listening","grpc_port":8001}
//
// Bytes that are not UTF-8 are replaced by U+FFFD, so a line is always valid JSON. `now` is the
// clock. REQUIRES: `out` outlives the logger and is written by nobody else meanwhile.
std::unique_ptr<Logger> MakeJsonLogger(Level level, std::ostream& out,
                                       std::function<absl::Time()> now = absl::Now);

// The same on the process's standard error.
std::unique_ptr<Logger> MakeStderrLogger(Level level);

}  // namespace diffuser::logging

#endif  // DIFFUSER_SERVER_LOGGING_JSON_LOGGER_H_
