#include "server/execution/replica.h"

#include <latch>
#include <memory>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/recording_observer.h"
#include "tests/testing/requests.h"

namespace diffuser::execution {
namespace {

using absl::StatusCode;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ReplicaTest : public ::testing::Test {
 protected:
  std::unique_ptr<Replica> MakeReplica() {
    return std::make_unique<Replica>(ReplicaParts{
        .classifier = classifier_,
        .queue = queue_,
        .gate = std::make_shared<batching::ComputeGate>(classifier_->concurrency()),
        .observer = observer_,
        .limits = {.budget_tokens = 20},
        .now = absl::Now,
        .on_lost = [this](const absl::Status& health) { lost_.push_back(health.code()); }});
  }
  void Admit(const std::vector<int>& lengths) {
    queue_->Admit(testing::MakeDocument(lengths, box_), absl::Now());
  }

  testing::ResultBox box_;
  std::shared_ptr<testing::FakeClassifier> classifier_ =
      std::make_shared<testing::FakeClassifier>(testing::SmallConfig(), "cuda:0");
  std::shared_ptr<testing::RecordingObserver> observer_ =
      std::make_shared<testing::RecordingObserver>();
  std::shared_ptr<batching::RequestQueue> queue_ =
      std::make_shared<batching::RequestQueue>(batching::QueueLimits{}, observer_);
  std::vector<StatusCode> lost_;
};

TEST_F(ReplicaTest, AnswersBatchesOfItsOwnBudgetWhereThatIsLower) {
  classifier_->token_budget = 8;
  auto replica = MakeReplica();
  Admit({4, 4, 4});
  EXPECT_TRUE(replica->Step());
  EXPECT_TRUE(replica->Step());
  EXPECT_THAT(classifier_->batches(), ElementsAre(ElementsAre(4, 4), ElementsAre(4)));
  EXPECT_THAT(box_.codes(), Each(StatusCode::kOk));
}

TEST_F(ReplicaTest, KeepsToTheOperatorsBudgetWhereThatIsLower) {
  auto replica = MakeReplica();
  Admit({12, 12});
  EXPECT_TRUE(replica->Step());
  EXPECT_THAT(classifier_->batches(), ElementsAre(ElementsAre(12)));
}

TEST_F(ReplicaTest, ComputesAsManyBatchesAtOnceAsItsDeviceDoes) {
  classifier_->batches_at_once = 2;
  std::latch both_compute(2);
  classifier_->before_classify = [&](const model::PackedBatch&) {
    both_compute.arrive_and_wait();
    return absl::OkStatus();
  };
  auto replica = MakeReplica();
  replica->Start();
  Admit({20});
  Admit({20});
  box_.WaitFor(2);
  EXPECT_THAT(box_.codes(), Each(StatusCode::kOk));
}

TEST_F(ReplicaTest, ALostDeviceFailsItsBatchOnceAndTakesNoOther) {
  classifier_->before_classify = [&](const model::PackedBatch&) {
    classifier_->Lose();
    return absl::ResourceExhaustedError("whatever the device says then");
  };
  auto replica = MakeReplica();
  Admit({10, 10});
  Admit({5});
  EXPECT_TRUE(replica->Step());
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kInternal));
  EXPECT_THAT(classifier_->batches(), SizeIs(1)) << "nothing is run again";
  EXPECT_THAT(lost_, ElementsAre(StatusCode::kUnavailable));
  EXPECT_TRUE(replica->is_retired());
  EXPECT_FALSE(replica->Step());
  EXPECT_THAT(queue_->Take({}, absl::Now()), SizeIs(1)) << "is left to others";
}

TEST_F(ReplicaTest, AFailureOfAHealthyDeviceIsOfThatBatchAlone) {
  classifier_->before_classify = [](const model::PackedBatch& batch) {
    return batch.tokens() == 7 ? absl::InternalError("bad") : absl::OkStatus();
  };
  auto replica = MakeReplica();
  Admit({7});
  EXPECT_TRUE(replica->Step());
  Admit({5});
  EXPECT_TRUE(replica->Step());
  EXPECT_THAT(box_.codes(), ElementsAre(StatusCode::kInternal, StatusCode::kOk));
  EXPECT_THAT(lost_, IsEmpty());
}

}  // namespace
}  // namespace diffuser::execution
