#include "client/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "client/rpc_status.h"
#include "google/rpc/error_details.pb.h"
#include "tests/client/fake_environment.h"

namespace diffuser::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

absl::Status QueueFullFor(int64_t milliseconds) {
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(milliseconds / 1000);
  info.mutable_retry_delay()->set_nanos(static_cast<int>(milliseconds % 1000) * 1'000'000);
  google::rpc::Status status;
  status.set_code(static_cast<int>(absl::StatusCode::kResourceExhausted));
  status.set_message("full");
  status.add_details()->PackFrom(info);
  return FromRpcStatus(status);
}

// Gives the statuses one by one; fails the test if it is called once more.
class Script {
 public:
  explicit Script(std::deque<absl::Status> statuses) : statuses_(std::move(statuses)) {}
  absl::Status operator()() {
    if (statuses_.empty()) {
      ADD_FAILURE() << "one attempt too many";
      return absl::OkStatus();
    }
    absl::Status status = statuses_.front();
    statuses_.pop_front();
    return status;
  }
  size_t left() const { return statuses_.size(); }

 private:
  std::deque<absl::Status> statuses_;
};

TEST(IsRetryable, HoldsForUnavailableAndForAFullQueueOnly) {
  for (int code = 0; code <= 16; ++code) {
    const absl::Status status(static_cast<absl::StatusCode>(code), "m");
    EXPECT_EQ(IsRetryable(status), absl::IsUnavailable(status)) << status;
  }
  EXPECT_TRUE(IsRetryable(QueueFullFor(10)));
}

TEST(IsRetryable, IsNotMadeTrueByARetryInfoOnOtherCodes) {
  absl::Status status = absl::InvalidArgumentError("m");
  QueueFullFor(10).ForEachPayload(
      [&](absl::string_view type, const absl::Cord& payload) { status.SetPayload(type, payload); });
  ASSERT_TRUE(RetryInfoDelay(status).has_value());
  EXPECT_FALSE(IsRetryable(status));
}

TEST(RetryInfoDelay, ReadsSecondsAndNanosAndTakesNegativeOnesAsZero) {
  EXPECT_EQ(RetryInfoDelay(QueueFullFor(2500)), absl::Milliseconds(2500));
  EXPECT_EQ(RetryInfoDelay(QueueFullFor(-2500)), absl::ZeroDuration());
  EXPECT_EQ(RetryInfoDelay(absl::UnavailableError("m")), std::nullopt);
}

TEST(RetryInfoDelay, IsAbsentWhereThePayloadIsBroken) {
  absl::Status status = absl::ResourceExhaustedError("m");
  status.SetPayload("type.googleapis.com/google.rpc.RetryInfo", absl::Cord("\xFF\xFF"));
  EXPECT_EQ(RetryInfoDelay(status), std::nullopt);
}

TEST(DelayBeforeRetry, GrowsExponentiallyUpToItsBound) {
  const RetryOptions options = {.max_attempts = 10,
                                .initial_backoff = absl::Milliseconds(100),
                                .max_backoff = absl::Milliseconds(500),
                                .multiplier = 2,
                                .jitter = 0};
  const absl::Status status = absl::UnavailableError("m");
  EXPECT_EQ(DelayBeforeRetry(options, status, 1, 0.5), absl::Milliseconds(100));
  EXPECT_EQ(DelayBeforeRetry(options, status, 2, 0.5), absl::Milliseconds(200));
  EXPECT_EQ(DelayBeforeRetry(options, status, 3, 0.5), absl::Milliseconds(400));
  EXPECT_EQ(DelayBeforeRetry(options, status, 4, 0.5), absl::Milliseconds(500));
  EXPECT_EQ(DelayBeforeRetry(options, status, 9, 0.5), absl::Milliseconds(500));
  EXPECT_EQ(DelayBeforeRetry(options, status, 10, 0.5), std::nullopt);
}

TEST(DelayBeforeRetry, DrawsItsJitterFromTheWholeRange) {
  const RetryOptions options = {.initial_backoff = absl::Milliseconds(100), .jitter = 0.2};
  const absl::Status status = absl::UnavailableError("m");
  const double lowest = absl::ToDoubleMilliseconds(*DelayBeforeRetry(options, status, 1, 0));
  const double middle = absl::ToDoubleMilliseconds(*DelayBeforeRetry(options, status, 1, 0.5));
  const double highest = absl::ToDoubleMilliseconds(*DelayBeforeRetry(options, status, 1, 1));
  EXPECT_NEAR(lowest, 80, 1e-3);
  EXPECT_NEAR(middle, 100, 1e-3);
  EXPECT_NEAR(highest, 120, 1e-3);
}

TEST(DelayBeforeRetry, IsNeverShorterThanTheServerAsks) {
  const RetryOptions options = {.initial_backoff = absl::Milliseconds(100), .jitter = 0.2};
  EXPECT_EQ(DelayBeforeRetry(options, QueueFullFor(3000), 1, 0), absl::Seconds(3));
  const double most = absl::ToDoubleSeconds(*DelayBeforeRetry(options, QueueFullFor(3000), 1, 1));
  EXPECT_NEAR(most, 3.6, 1e-6);
  const double own =
      absl::ToDoubleMilliseconds(*DelayBeforeRetry(options, QueueFullFor(1), 1, 0.5));
  EXPECT_NEAR(own, 100, 1e-3);
}

TEST(Retry, StopsAtTheFirstSuccess) {
  FakeEnvironment environment;
  Script script({absl::UnavailableError("a"), absl::UnavailableError("b"), absl::OkStatus()});
  EXPECT_TRUE(Retry({}, environment, absl::InfiniteFuture(), std::ref(script)).ok());
  EXPECT_THAT(environment.sleeps(), ElementsAre(absl::Milliseconds(100), absl::Milliseconds(200)));
}

TEST(Retry, GivesTheLastErrorAndTheNumberOfAttempts) {
  FakeEnvironment environment;
  Script script({absl::UnavailableError("a"), QueueFullFor(1), absl::UnavailableError("c")});
  const absl::Status status =
      Retry({.max_attempts = 3}, environment, absl::InfiniteFuture(), std::ref(script));
  EXPECT_EQ(status, absl::UnavailableError("c (3 attempts)"));
  EXPECT_EQ(script.left(), 0u);
}

TEST(Retry, DoesNotRepeatWhatCannotSucceed) {
  FakeEnvironment environment;
  Script script({absl::InvalidArgumentError("bad")});
  EXPECT_EQ(Retry({}, environment, absl::InfiniteFuture(), std::ref(script)),
            absl::InvalidArgumentError("bad"));
  EXPECT_THAT(environment.sleeps(), IsEmpty());
}

TEST(Retry, NeverWaitsBeyondTheDeadline) {
  FakeEnvironment environment;
  Script script({QueueFullFor(200), QueueFullFor(10'000)});
  const absl::Time deadline = environment.Now() + absl::Seconds(5);
  const absl::Status status = Retry({.jitter = 0}, environment, deadline, std::ref(script));
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_THAT(environment.sleeps(), ElementsAre(absl::Milliseconds(200)));
  EXPECT_EQ(RetryInfoDelay(status), absl::Seconds(10)) << "the details must survive";
  EXPECT_THAT(std::string(status.message()), HasSubstr("(2 attempts)"));
}

}  // namespace
}  // namespace diffuser::client
