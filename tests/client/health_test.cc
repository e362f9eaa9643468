#include "client/health.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/client/fake_environment.h"

namespace diffuser::client {
namespace {

using Answers = std::deque<absl::StatusOr<ServingStatus>>;

// Asks a script of answers, the last of which stays.
absl::StatusOr<ServingStatus> Wait(Answers answers, absl::Duration wait,
                                   FakeEnvironment& environment) {
  return WaitUntilServing(environment, wait, [&answers] {
    const auto answer = answers.front();
    if (answers.size() > 1) answers.pop_front();
    return answer;
  });
}

TEST(WaitUntilServing, GivesTheFirstServing) {
  FakeEnvironment environment;
  const auto answer = Wait({absl::UnavailableError("m"), absl::NotFoundError("m"),
                            ServingStatus::kNotServing, ServingStatus::kServing},
                           absl::Seconds(30), environment);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(*answer, ServingStatus::kServing);
  EXPECT_EQ(environment.sleeps().size(), 3u);
}

TEST(WaitUntilServing, GivesTheLastAnswerWhenTheWaitIsOver) {
  FakeEnvironment environment;
  const absl::Time start = environment.Now();
  const auto answer = Wait({ServingStatus::kNotServing}, absl::Seconds(2), environment);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(*answer, ServingStatus::kNotServing);
  EXPECT_EQ(environment.Now() - start, absl::Seconds(2));
}

TEST(WaitUntilServing, AsksOnceWithoutAWait) {
  FakeEnvironment environment;
  EXPECT_EQ(Wait({absl::UnavailableError("m")}, absl::ZeroDuration(), environment).status(),
            absl::UnavailableError("m"));
  EXPECT_TRUE(environment.sleeps().empty());
}

TEST(WaitUntilServing, EndsAtAnErrorThatWillStay) {
  FakeEnvironment environment;
  EXPECT_EQ(Wait({absl::UnimplementedError("m")}, absl::Seconds(30), environment).status(),
            absl::UnimplementedError("m"));
  EXPECT_TRUE(environment.sleeps().empty());
}

TEST(ServingStatusName, IsThatOfTheProtocol) {
  EXPECT_STREQ(ServingStatusName(ServingStatus::kServing), "SERVING");
  EXPECT_STREQ(ServingStatusName(ServingStatus::kNotServing), "NOT_SERVING");
  EXPECT_STREQ(ServingStatusName(ServingStatus::kUnknown), "UNKNOWN");
}

}  // namespace
}  // namespace diffuser::client
