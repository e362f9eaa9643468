#include "client/cli/load_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"
#include "tests/client/fake_environment.h"

namespace diffuser::cli {
namespace {

using ::testing::DoubleNear;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

using Done = std::function<void(absl::StatusOr<v1::ClassifyResponse>)>;

v1::ClassifyResponse Answer(int served_ms) {
  v1::ClassifyResponse response;
  response.mutable_usage()->set_used(100);
  response.mutable_timings()->mutable_compute()->set_nanos(served_ms * 1'000'000);
  return response;
}

v1::ClassifyRequest AnyRequest() { return {}; }

// Ten documents a second for a second, equally spaced.
LoadResult RunTen(client::FakeEnvironment& environment, const SendDocument& send,
                  int max_concurrency = 100) {
  LoadPlan plan;
  plan.duration = absl::Seconds(1);
  plan.max_documents = 1000;
  plan.max_concurrency = max_concurrency;
  return RunLoad(plan, ArrivalSchedule(10, /*poisson=*/false, 1), environment, AnyRequest, send);
}

TEST(RunLoad, SendsByTheScheduleWhetherAnswersComeOrNot) {
  client::FakeEnvironment environment;
  const absl::Time start = environment.Now();
  std::vector<double> sent_at;
  std::vector<Done> waiting;
  const LoadResult result = RunTen(environment, [&](const v1::ClassifyRequest&, Done done) {
    sent_at.push_back(absl::ToDoubleSeconds(environment.Now() - start));
    waiting.push_back(std::move(done));
    if (waiting.size() < 10) return;
    for (Done& answer : waiting) answer(Answer(1));
  });
  ASSERT_THAT(sent_at, SizeIs(10));
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(sent_at[i], i * 0.1, 1e-9);
  EXPECT_EQ(result.sent, 10);
  EXPECT_EQ(result.answered, 10);
  EXPECT_EQ(result.tokens, 1000u);
  EXPECT_EQ(result.unsent, 0);
  ASSERT_THAT(result.latency, SizeIs(10));
  EXPECT_NEAR(result.latency[0], 0.9, 1e-9);
  EXPECT_NEAR(result.latency[9], 0.0, 1e-9);
}

TEST(RunLoad, CountsLatencyFromTheTimeOfTheSchedule) {
  client::FakeEnvironment environment;
  // Sending itself blocks for 250 ms each time, as a closed loop would: lateness must add up.
  const LoadResult result = RunTen(environment, [&](const v1::ClassifyRequest&, const Done& done) {
    environment.Advance(absl::Milliseconds(250));
    done(Answer(200));
  });
  ASSERT_THAT(result.latency, SizeIs(10));
  for (int i = 0; i < 10; ++i) {
    EXPECT_NEAR(result.lag[i], 0.15 * i, 1e-9);
    EXPECT_NEAR(result.latency[i], 0.25 + 0.15 * i, 1e-9);
  }
  EXPECT_THAT(result.added, Each(DoubleNear(0.05, 1e-9)));
  EXPECT_EQ(result.elapsed, absl::Milliseconds(2500));
}

TEST(RunLoad, CountsErrorsByCodeAndLeavesThemOutOfTheLatencies) {
  client::FakeEnvironment environment;
  int count = 0;
  const LoadResult result = RunTen(environment, [&](const v1::ClassifyRequest&, const Done& done) {
    ++count;
    if (count <= 2) return done(absl::UnavailableError("m"));
    if (count <= 5) return done(absl::ResourceExhaustedError("m"));
    done(Answer(1));
  });
  EXPECT_THAT(result.errors, ElementsAre(Pair("RESOURCE_EXHAUSTED", 3), Pair("UNAVAILABLE", 2)));
  EXPECT_EQ(result.sent, 10);
  EXPECT_EQ(result.answered, 5);
  EXPECT_THAT(result.latency, SizeIs(5));
}

TEST(RunLoad, EndsAtItsCount) {
  client::FakeEnvironment environment;
  LoadPlan plan;
  plan.duration = absl::Hours(10);
  plan.max_documents = 25;
  const LoadResult result =
      RunLoad(plan, ArrivalSchedule(100, /*poisson=*/true, 1), environment, AnyRequest,
              [](const v1::ClassifyRequest&, const Done& done) { done(Answer(1)); });
  EXPECT_EQ(result.sent, 25);
}

// Tells when the tenth document's time has come.
class CountingEnvironment : public client::FakeEnvironment {
 public:
  void SleepUntil(absl::Time time) override {
    FakeEnvironment::SleepUntil(time);
    if (++sleeps_asked_ == 10) tenth.Notify();
  }

  absl::Notification tenth;

 private:
  int sleeps_asked_ = 0;
};

TEST(RunLoad, GivesUpOnWhatItCannotSendInTime) {
  CountingEnvironment environment;
  std::thread answerer;
  const LoadResult result = RunTen(
      environment,
      [&](const v1::ClassifyRequest&, const Done& done) {
        // The only call at once is busy until all documents were due, long after the end.
        environment.Advance(absl::Seconds(30));
        answerer = std::thread([&environment, done] {
          environment.tenth.WaitForNotification();
          done(Answer(1));
        });
      },
      /*max_concurrency=*/1);
  answerer.join();
  EXPECT_EQ(result.sent, 1);
  EXPECT_EQ(result.answered, 1);
  EXPECT_EQ(result.unsent, 9);
}

TEST(RunLoad, NeverRunsMoreCallsAtOnceThanAllowed) {
  client::FakeEnvironment environment;
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  std::vector<std::thread> threads;
  const LoadResult result = RunTen(
      environment,
      [&](const v1::ClassifyRequest&, const Done& done) {
        const int now = ++running;
        most = std::max(most.load(), now);
        threads.emplace_back([&running, done] {
          --running;
          done(Answer(1));
        });
      },
      /*max_concurrency=*/2);
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 2);
  EXPECT_EQ(result.answered, 10);
}

}  // namespace
}  // namespace diffuser::cli
