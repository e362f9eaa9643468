#include "server/logging/json_logger.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace diffuser::logging {
namespace {

absl::Time FixedNow() { return absl::FromUnixMillis(1767225600123); }

TEST(JsonLogger, WritesOneLineOfJsonWithTimeLevelEventAndFields) {
  std::ostringstream out;
  auto logger = MakeJsonLogger(Level::kInfo, out, FixedNow);
  logger->Log(Level::kInfo, "listening",
              {{"address", "127.0.0.1:1"}, {"port", 8001}, {"ratio", 0.5}, {"ready", true}});
  EXPECT_EQ(out.str(),
            "{\"ts\":\"2026-01-01T00:00:00.123Z\",\"level\":\"info\",\"event\":\"listening\","
            "\"address\":\"127.0.0.1:1\",\"port\":8001,\"ratio\":0.5,\"ready\":true}\n");
}

TEST(JsonLogger, EscapesWhatWouldBreakALine) {
  std::ostringstream out;
  auto logger = MakeJsonLogger(Level::kInfo, out, FixedNow);
  const std::string hostile = "a\"b\\c\nd\te\x01 {} %v";
  logger->Log(Level::kError, "call", {{"request_id", hostile}});
  const std::string line = out.str();
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(nlohmann::json::parse(line)["request_id"], hostile);
}

TEST(JsonLogger, ReplacesBytesThatAreNotUtf8) {
  std::ostringstream out;
  auto logger = MakeJsonLogger(Level::kInfo, out, FixedNow);
  logger->Log(Level::kError, "call", {{"message", "a\xff"}});
  EXPECT_EQ(nlohmann::json::parse(out.str())["message"], "a\xef\xbf\xbd");
}

TEST(JsonLogger, LeavesOutEventsBelowItsLevel) {
  std::ostringstream out;
  auto logger = MakeJsonLogger(Level::kWarning, out, FixedNow);
  EXPECT_FALSE(logger->IsEnabled(Level::kInfo));
  EXPECT_TRUE(logger->IsEnabled(Level::kWarning));
  logger->Log(Level::kDebug, "call", {});
  logger->Log(Level::kInfo, "call", {});
  EXPECT_EQ(out.str(), "");
  logger->Log(Level::kWarning, "call", {});
  EXPECT_EQ(nlohmann::json::parse(out.str())["level"], "warning");
}

TEST(JsonLogger, KeepsLinesOfManyThreadsWhole) {
  std::ostringstream out;
  auto logger = MakeJsonLogger(Level::kInfo, out, FixedNow);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i)
        logger->Log(Level::kInfo, "call", {{"text", std::string(99, 'x')}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::istringstream lines(out.str());
  std::string line;
  int count = 0;
  for (; std::getline(lines, line); ++count)
    EXPECT_EQ(nlohmann::json::parse(line)["event"], "call");
  EXPECT_EQ(count, 400);
}

}  // namespace
}  // namespace diffuser::logging
