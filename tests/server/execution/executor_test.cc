#include "server/execution/executor.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/recording_observer.h"
#include "tests/testing/requests.h"

namespace diffuser::execution {
namespace {

using batching::Request;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;
using ::testing::Pair;

class ExecutorTest : public ::testing::Test {
 protected:
  std::vector<absl::StatusOr<batching::BatchedResult>> Run(const std::vector<Request>& requests) {
    return Executor(classifier_, observer_, clock_.AsClock()).Run(requests);
  }
  // One request for each id, one token long.
  std::vector<Request> Requests(const std::vector<int>& ids) {
    std::vector<Request> requests;
    for (const int id : ids) requests.push_back(testing::MakeRequest(1, box_, id));
    return requests;
  }
  static bool Holds(const model::PackedBatch& batch, int id) {
    return std::count(batch.ids().begin(), batch.ids().end(), id) > 0;
  }
  static std::vector<float> LogitsOf(int id) { return testing::FakeLogits({id}, 2); }

  testing::FakeClock clock_;
  testing::ResultBox box_;
  std::shared_ptr<testing::FakeClassifier> classifier_ =
      std::make_shared<testing::FakeClassifier>();
  std::shared_ptr<testing::RecordingObserver> observer_ =
      std::make_shared<testing::RecordingObserver>();
};

TEST_F(ExecutorTest, GivesEachRequestItsOwnAnswer) {
  const auto requests = Requests({3, 4, 5});
  const auto results = Run(requests);
  ASSERT_EQ(results.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(results[i].ok());
    EXPECT_THAT(results[i]->classification.logits, ElementsAreArray(LogitsOf(3 + i)));
  }
  EXPECT_THAT(classifier_->batches(), ElementsAre(ElementsAre(1, 1, 1)));
}

TEST_F(ExecutorTest, AsksForEvidenceWhereItIsWanted) {
  auto requests = Requests({3, 4});
  requests[1].wants_evidence = true;
  const auto results = Run(requests);
  EXPECT_THAT(results[0]->classification.evidence, IsEmpty());
  EXPECT_THAT(results[1]->classification.evidence, ElementsAre(1.0f));
}

TEST_F(ExecutorTest, SaysWhenTheBatchBeganAndEnded) {
  classifier_->before_classify = [this](const model::PackedBatch&) {
    clock_.Advance(absl::Seconds(3));
    return absl::OkStatus();
  };
  const absl::Time begin = clock_.Now();
  const auto results = Run(Requests({3, 4}));
  EXPECT_EQ(results[1]->batch_begin, begin);
  EXPECT_EQ(results[1]->batch_end, begin + absl::Seconds(3));
  EXPECT_THAT(observer_->record().batches, ElementsAre(Pair(2, 2)));
}

TEST_F(ExecutorTest, HalvesABatchThatDoesNotFitIntoMemory) {
  classifier_->before_classify = [](const model::PackedBatch& batch) {
    return batch.documents() > 2 ? absl::ResourceExhaustedError("no memory") : absl::OkStatus();
  };
  const auto results = Run(Requests({3, 4, 5, 6, 7}));
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(results[i]->classification.logits, ElementsAreArray(LogitsOf(3 + i)));
  }
  EXPECT_THAT(classifier_->batches(),
              ElementsAre(ElementsAre(1, 1, 1, 1, 1), ElementsAre(1, 1, 1), ElementsAre(1, 1),
                          ElementsAre(1), ElementsAre(1, 1)));
}

TEST_F(ExecutorTest, FailsOnlyTheDocumentThatFailsAlone) {
  classifier_->before_classify = [](const model::PackedBatch& batch) {
    return Holds(batch, 4) ? absl::InternalError("bad") : absl::OkStatus();
  };
  const auto results = Run(Requests({3, 4, 5}));
  EXPECT_THAT(results[0]->classification.logits, ElementsAreArray(LogitsOf(3)));
  EXPECT_EQ(results[1].status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(results[2]->classification.logits, ElementsAreArray(LogitsOf(5)));
}

TEST_F(ExecutorTest, FailsASingleDocumentThatDoesNotFitIntoMemory) {
  classifier_->before_classify = [](const model::PackedBatch&) {
    return absl::ResourceExhaustedError("no memory");
  };
  const auto results = Run(Requests({3}));
  EXPECT_EQ(results[0].status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(classifier_->batches().size(), 1u);
}

// Answers with what it was made with, whatever it is asked.
class BrokenClassifier final : public model::Classifier {
 public:
  explicit BrokenClassifier(std::vector<model::Classification> answers)
      : answers_(std::move(answers)) {}
  const model::ModelConfig& config() const override { return config_; }
  std::string device() const override { return "cpu"; }
  model::Precision precision() const override { return model::Precision::kFloat32; }
  int64_t weight_bytes() const override { return 0; }
  absl::Status Validate(absl::Span<const int32_t>) const override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<model::Classification>> Classify(
      const model::PackedBatch&, const std::vector<bool>&) const override {
    return answers_;
  }

 private:
  const model::ModelConfig config_ = testing::SmallConfig();
  const std::vector<model::Classification> answers_;
};

TEST_F(ExecutorTest, TurnsAnswersThatAreNoneIntoErrors) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<model::Classification> broken = {
      {.logits = {0, nan}, .evidence = {1, 1}},
      {.logits = {0, 0}, .evidence = {1, nan}},
      {.logits = {0, 0, 0}, .evidence = {1, 1}},
      {.logits = {0, 0}, .evidence = {1}},
  };
  for (const model::Classification& answer : broken) {
    const Executor executor(
        std::make_shared<BrokenClassifier>(std::vector<model::Classification>{answer}), observer_,
        clock_.AsClock());
    std::vector<Request> requests;
    requests.push_back(testing::MakeRequest(2, box_));
    requests[0].wants_evidence = true;
    EXPECT_EQ(executor.Run(requests)[0].status().code(), absl::StatusCode::kInternal);
  }
}

TEST_F(ExecutorTest, TurnsMissingAnswersIntoErrors) {
  const Executor executor(std::make_shared<BrokenClassifier>(std::vector<model::Classification>{}),
                          observer_, clock_.AsClock());
  const auto requests = Requests({3, 3});
  const auto results = executor.Run(requests);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(results[1].status().code(), absl::StatusCode::kInternal);
}

}  // namespace
}  // namespace diffuser::execution
