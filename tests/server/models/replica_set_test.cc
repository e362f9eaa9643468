#include "server/models/replica_set.h"

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/recording_observer.h"
#include "tests/testing/requests.h"

namespace diffuser::models {
namespace {

using absl::StatusCode;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::SizeIs;

class ReplicaSetTest : public ::testing::Test {
 protected:
  std::unique_ptr<ReplicaSet> MakeSet() {
    return std::make_unique<ReplicaSet>(
        ReplicaSet::Parts{.spec = {"name", "1", "dir"},
                          .queue = queue_,
                          .observer = observer_,
                          .limits = {},
                          .now = absl::Now,
                          .on_lost = [this](const std::string& device, const absl::Status&) {
                            lost_.set_value(device);
                          }});
  }
  static std::shared_ptr<testing::FakeClassifier> On(const std::string& device) {
    return std::make_shared<testing::FakeClassifier>(testing::SmallConfig(), device);
  }
  static void Add(ReplicaSet& set, std::shared_ptr<const model::Classifier> classifier) {
    set.Add(std::move(classifier), std::make_shared<batching::ComputeGate>());
  }
  void Admit(const std::vector<int>& lengths) {
    queue_->Admit(testing::MakeDocument(lengths, box_), absl::Now());
  }

  testing::ResultBox box_;
  std::shared_ptr<testing::RecordingObserver> observer_ =
      std::make_shared<testing::RecordingObserver>();
  std::shared_ptr<batching::RequestQueue> queue_ =
      std::make_shared<batching::RequestQueue>(batching::QueueLimits{}, observer_);
  std::promise<std::string> lost_;
};

TEST_F(ReplicaSetTest, WhatWaitsIsServedByTheFirstReplicaThatComes) {
  auto set = MakeSet();
  Admit({4});
  EXPECT_FALSE(set->IsServed());
  Add(*set, On("cpu"));
  EXPECT_TRUE(set->IsServed());
  box_.WaitFor(1);
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kOk));
}

TEST_F(ReplicaSetTest, NamesTheDevicesThatServe) {
  auto set = MakeSet();
  EXPECT_EQ(set->Summarize().devices, "");
  Add(*set, On("cuda:0"));
  Add(*set, On("cuda:1"));
  EXPECT_EQ(set->Summarize().devices, "cuda:0,cuda:1");
  EXPECT_EQ(set->Summarize().precisions, "float32");
  set->RetireOn("cuda:0");
  EXPECT_EQ(set->Summarize().devices, "cuda:1");
  EXPECT_TRUE(set->IsServed());
}

TEST_F(ReplicaSetTest, RemovesOnlyWhatIsRetiredAndLetsGoOfItsClassifier) {
  auto set = MakeSet();
  auto first = On("cuda:0");
  const std::weak_ptr<testing::FakeClassifier> watched = first;
  Add(*set, std::move(first));
  EXPECT_FALSE(set->RemoveRetired("cuda:0"));
  EXPECT_FALSE(watched.expired());
  set->RetireOn("cuda:0");
  EXPECT_FALSE(set->RemoveRetired("cuda:1"));
  EXPECT_TRUE(set->RemoveRetired("cuda:0"));
  EXPECT_TRUE(watched.expired());
  EXPECT_FALSE(set->RemoveRetired("cuda:0"));
}

TEST_F(ReplicaSetTest, TellsWhichDeviceIsLost) {
  auto set = MakeSet();
  auto classifier = On("cuda:3");
  classifier->Lose();
  Add(*set, classifier);
  Admit({4});
  EXPECT_EQ(lost_.get_future().get(), "cuda:3");
  EXPECT_FALSE(set->IsServed());
}

TEST_F(ReplicaSetTest, FinishesWhatWaitsAndRefusesTheRest) {
  auto set = MakeSet();
  Add(*set, On("cuda:0"));
  Add(*set, On("cuda:1"));
  for (int i = 0; i < 20; ++i) Admit({3});
  set->Finish(absl::InfiniteFuture());
  set->End();
  EXPECT_THAT(box_.codes(), SizeIs(20));
  EXPECT_THAT(box_.codes(), Each(StatusCode::kOk));
  Admit({1});
  EXPECT_EQ(box_.codes().back(), StatusCode::kUnavailable);
}

TEST_F(ReplicaSetTest, FinishingPastTheDeadlineAnswersTheRest) {
  std::promise<void> computing;
  std::promise<void> go_on;
  auto classifier = On("cpu");
  classifier->before_classify = [&](const model::PackedBatch&) {
    computing.set_value();
    go_on.get_future().wait();
    return absl::OkStatus();
  };
  auto set = MakeSet();
  Add(*set, classifier);
  Admit({10});
  computing.get_future().wait();
  Admit({10});
  set->Finish(absl::InfinitePast());  // the second, while the first computes
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kUnavailable));
  go_on.set_value();
  set->End();
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kUnavailable, StatusCode::kOk));
}

TEST_F(ReplicaSetTest, DestroyingASetThatNothingServesAnswersWhatWaits) {
  auto set = MakeSet();
  Admit({1});
  set.reset();
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace diffuser::models
