// The parts of the services that need no gRPC server.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "diffuser/v1/classification.pb.h"
#include "server/services/call_gate.h"
#include "server/services/request_id.h"
#include "server/services/retry_delay.h"
#include "server/services/status.h"

namespace diffuser::services {
namespace {

TEST(CallGate, TellsWhenTheLastCallHasLeft) {
  CallGate gate;
  int idle = 0;
  CallGate::Pass first = gate.Enter();
  CallGate::Pass second = gate.Enter();
  EXPECT_EQ(gate.calls_inside(), 2);
  first = {};
  gate.Close([&] { ++idle; });
  EXPECT_FALSE(gate.Enter());
  EXPECT_TRUE(gate.IsClosed());
  EXPECT_EQ(idle, 0);
  second = {};
  EXPECT_EQ(idle, 1);
}

TEST(CallGate, IsIdleAtOnceWhereNobodyIsInside) {
  CallGate gate;
  bool idle = false;
  gate.Close([&] { idle = true; });
  EXPECT_TRUE(idle);
}

TEST(CallGate, TellsThoseInsideThatItCloses) {
  CallGate gate;
  int told = 0;
  std::optional<CallGate::Pass> leaver = gate.Enter([&] { told += 100; });
  leaver.reset();
  CallGate::Pass pass;
  pass = gate.Enter([&] {
    ++told;
    pass = {};  // it may leave at once
  });
  bool idle = false;
  gate.Close([&] { idle = true; });
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(idle);
}

TEST(ChooseRequestId, TakesTheCallersWhereItIsShortAndPrintable) {
  EXPECT_EQ(ChooseRequestId("abc-1", ""), "abc-1");
  EXPECT_EQ(ChooseRequestId(std::string(128, 'x'), ""), std::string(128, 'x'));
  for (const std::string& bad :
       {std::string(129, 'x'), std::string("a\nb"), std::string("\xff"), std::string()}) {
    const std::string made = ChooseRequestId(bad, "");
    EXPECT_EQ(made.size(), 32U);
    EXPECT_NE(made, ChooseRequestId(bad, "")) << "every call gets its own";
  }
}

TEST(ChooseRequestId, TakesTheTraceIdOfAWellFormedTraceparent) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_EQ(ChooseRequestId("", "00-" + trace + "-00f067aa0ba902b7-01"), trace);
  EXPECT_EQ(ChooseRequestId("mine", "00-" + trace + "-00f067aa0ba902b7-01"), "mine");
  EXPECT_NE(ChooseRequestId("", "00-" + std::string(32, '0') + "-00f067aa0ba902b7-01"),
            std::string(32, '0'));
  EXPECT_NE(ChooseRequestId("", trace), trace);
}

TEST(RetryDelay, FollowsWhatDocumentsWaitedWithinItsBounds) {
  RetryDelay delay;
  EXPECT_EQ(delay.Estimate(), absl::Milliseconds(100));
  for (int i = 0; i < 200; ++i) delay.Observe(absl::Seconds(1));
  EXPECT_GT(delay.Estimate(), absl::Milliseconds(450));
  EXPECT_LE(delay.Estimate(), absl::Milliseconds(500));
  for (int i = 0; i < 200; ++i) delay.Observe(absl::Minutes(1));
  EXPECT_EQ(delay.Estimate(), absl::Seconds(1));
}

TEST(ToRpcStatus, SendsOnlyCodesOfTheContract) {
  const ErrorContext context = {.request_id = "r", .retry_after = absl::ZeroDuration()};
  const auto code = [&](absl::StatusCode from) {
    return static_cast<absl::StatusCode>(ToRpcStatus(absl::Status(from, "m"), context).code());
  };
  for (const auto same : {absl::StatusCode::kInvalidArgument, absl::StatusCode::kNotFound,
                          absl::StatusCode::kResourceExhausted, absl::StatusCode::kUnavailable,
                          absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kCancelled,
                          absl::StatusCode::kInternal}) {
    EXPECT_EQ(code(same), same);
  }
  for (const auto other : {absl::StatusCode::kUnknown, absl::StatusCode::kFailedPrecondition,
                           absl::StatusCode::kOutOfRange, absl::StatusCode::kAborted}) {
    EXPECT_EQ(code(other), absl::StatusCode::kInternal);
  }
}

TEST(RenameDocument, ChangesOnlyTheDocumentsName) {
  const auto renamed = [](const std::string& message) {
    return std::string(
        RenameDocument(absl::InvalidArgumentError(message), "documents[3]").message());
  };
  EXPECT_EQ(renamed("document.text: is empty"), "documents[3].text: is empty");
  EXPECT_EQ(renamed("document: is long"), "documents[3]: is long");
  EXPECT_EQ(renamed("documented: x"), "documented: x");
  EXPECT_EQ(renamed("options.top_k: document.text"), "options.top_k: document.text");
  EXPECT_EQ(renamed("the document is long"), "the document is long");
}

}  // namespace
}  // namespace diffuser::services
