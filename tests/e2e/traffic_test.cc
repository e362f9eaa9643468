// Random mixed traffic against a server whose queue is small: every document is answered exactly
// once and rightly, and the server's own books agree with what the callers saw.

#include "tests/e2e/traffic.h"

#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/metrics_page.h"
#include "tests/e2e/server_process.h"
#include "tests/e2e/wire.h"

namespace diffuser::testing {
namespace {

constexpr int kCallers = 8;
constexpr int kCallsOfEach = 75;

// Room for less than two documents of 10,000 tokens.
const std::vector<std::string>& SmallQueue() {
  static const auto& flags =
      *new std::vector<std::string>{TextModelFlag(), "--max_batch_tokens=4096",
                                    "--max_queue_tokens=20480", "--max_queue_documents=20"};
  return flags;
}

// Asks about every good document alone; the answers become the right ones.
Tally FillAnswers(const Wire& wire, Caller::Pool& pool) {
  Tally tally;
  for (std::vector<PooledDocument>& documents : pool) {
    for (PooledDocument& document : documents) {
      if (document.code != absl::StatusCode::kOk) continue;
      const auto response = wire.Classify(document.request);
      EXPECT_TRUE(response.ok()) << response.status();
      ++tally.answered[{"Classify", response.status().code()}];
      if (response.ok()) document.answer = Canonical(*response);
    }
  }
  return tally;
}

Tally MakeTraffic(const std::string& address, const Caller::Pool& pool) {
  const Wire wire(address);
  std::vector<Tally> tallies(kCallers);
  std::vector<std::thread> threads;
  for (int i = 0; i < kCallers; ++i) {
    threads.emplace_back([&, i] {
      Caller caller(wire, pool, 100 + i);
      for (int call = 0; call < kCallsOfEach; ++call) caller.CallOnce();
      tallies[i] = caller.tally();
    });
  }
  for (std::thread& thread : threads) thread.join();
  Tally all;
  for (const Tally& tally : tallies) all.Add(tally);
  return all;
}

void Print(const Tally& tally) {
  std::cout << "documents:";
  for (const auto& [code, count] : tally.documents) {
    std::cout << " " << absl::StatusCodeToString(code) << " " << count;
  }
  std::cout << "\n";
}

// The server counts each call once, by its own view of how it ended. A call that its caller gave up
// may have been counted with any code, or have never arrived; all others agree exactly.
void ExpectBooksOf(const std::string& method, const MetricsPage& page, const Tally& tally) {
  const std::string label = absl::StrCat("method=\"", method, "\"");
  auto completed = page.SumBy("diffuser_requests_completed_total", "code", {label});
  double surplus = 0;
  for (const auto& [code, count] : completed) surplus += count;
  EXPECT_EQ(page.Sum("diffuser_requests_received_total", {label}), surplus) << method;
  EXPECT_EQ(page.Sum("diffuser_request_duration_seconds_count", {label}), surplus) << method;
  for (const auto& [key, count] : tally.answered) {
    if (key.first != method) continue;
    const std::string code = absl::StatusCodeToString(key.second);
    EXPECT_GE(completed[code], count) << method << " " << code;
    surplus -= count;
  }
  const auto given_up = tally.given_up.find(method);
  EXPECT_LE(surplus, given_up == tally.given_up.end() ? 0 : given_up->second) << method;
  EXPECT_EQ(completed.count("INTERNAL"), 0u) << method;
}

bool IsIdle(const MetricsPage& page) {
  return page.Sum("diffuser_requests_in_flight") == 0 && page.Sum("diffuser_queue_tokens") == 0 &&
         page.Sum("diffuser_queue_documents") == 0;
}

TEST(Traffic, IsAnsweredExactlyOnceAndRightly) {
  const auto server = ServerProcess::StartServing(SmallQueue());
  ASSERT_TRUE(server.ok()) << server.status();
  Caller::Pool pool = MakePool(/*seed=*/1);
  Tally tally = FillAnswers(Wire((*server)->address()), pool);
  tally.Add(MakeTraffic((*server)->address(), pool));
  Print(tally);
  EXPECT_THAT(tally.wrong, ::testing::IsEmpty());
  for (const absl::StatusCode code :
       {absl::StatusCode::kOk, absl::StatusCode::kInvalidArgument, absl::StatusCode::kNotFound,
        absl::StatusCode::kResourceExhausted, absl::StatusCode::kCancelled,
        absl::StatusCode::kDeadlineExceeded}) {
    EXPECT_GT(tally.documents[code], 0) << "no traffic ended " << code;
  }
  const auto page = ScrapeUntil((*server)->metrics_port(), IsIdle);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(IsIdle(*page)) << "something is still counted as under way";
  for (const char* method : {"Classify", "ClassifyBatch", "ClassifyStream"}) {
    ExpectBooksOf(method, *page, tally);
  }
  EXPECT_EQ((*server)->Stop().value_or(-1), 0) << (*server)->log();
}

}  // namespace
}  // namespace diffuser::testing
