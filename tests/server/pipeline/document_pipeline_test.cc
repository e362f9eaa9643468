#include "server/pipeline/document_pipeline.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/execution/replica.h"
#include "tests/testing/answer_box.h"
#include "tests/testing/fake_classifier.h"
#include "tests/testing/fake_clock.h"
#include "tests/testing/fake_tokenizer.h"
#include "tests/testing/recording_observer.h"

namespace diffuser::pipeline {
namespace {

using metrics::DropReason;
using metrics::RejectReason;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

// One model's path around a fake model of 32 tokens, its replica driven by the test.
class DocumentPipelineTest : public ::testing::Test {
 protected:
  void SetUp() override { Build(std::make_shared<testing::FakeTokenizer>(), {}); }
  // What still waits keeps the pipeline, and so the queue, alive: its owner must answer it.
  void TearDown() override { queue_->Abandon(); }

  void Build(std::shared_ptr<const tokenizer::Tokenizer> tokenizer, batching::QueueLimits limits) {
    queue_ = std::make_shared<batching::RequestQueue>(limits, observer_);
    pipeline_ = std::make_shared<DocumentPipeline>(PipelineParts{.config = classifier_->config(),
                                                                 .tokenizer = std::move(tokenizer),
                                                                 .pool = pool_,
                                                                 .queue = queue_,
                                                                 .observer = observer_,
                                                                 .now = clock_.AsClock()});
    replica_ = std::make_unique<execution::Replica>(
        execution::ReplicaParts{.classifier = classifier_,
                                .queue = queue_,
                                .gate = std::make_shared<batching::ComputeGate>(),
                                .observer = observer_,
                                .limits = {.budget_tokens = 64},
                                .now = clock_.AsClock()});
  }

  void Classify(ClassifyTask task) { pipeline_->Classify(std::move(task), box_.NewCompletion()); }

  static ClassifyTask IdsTask(std::vector<uint32_t> ids) {
    ClassifyTask task;
    task.content = std::move(ids);
    return task;
  }
  static ClassifyTask TextTask(std::string text) {
    ClassifyTask task;
    task.content = std::move(text);
    return task;
  }
  // <s>, `length` - 2 different tokens, </s>.
  static std::vector<uint32_t> Ids(int length) {
    std::vector<uint32_t> ids = {0};
    for (int i = 0; i < length - 2; ++i) ids.push_back(100 + i);
    ids.push_back(2);
    return ids;
  }
  // The only answer. REQUIRES: it is there.
  ClassifyAnswer Answer() const { return *box_.answer(0); }
  std::string Message() const { return std::string(box_.answer(0).status().message()); }

  testing::FakeClock clock_;
  testing::AnswerBox<ClassifyAnswer> box_;
  std::shared_ptr<testing::FakeClassifier> classifier_ =
      std::make_shared<testing::FakeClassifier>();
  std::shared_ptr<testing::RecordingObserver> observer_ =
      std::make_shared<testing::RecordingObserver>();
  std::shared_ptr<TokenizerPool> pool_ =
      std::make_shared<TokenizerPool>(TokenizerPoolOptions{.threads = 1});
  std::shared_ptr<batching::RequestQueue> queue_;
  std::shared_ptr<DocumentPipeline> pipeline_;
  std::unique_ptr<execution::Replica> replica_;
};

TEST_F(DocumentPipelineTest, AnswersTokenIdsWithTheModelsScores) {
  ClassifyTask task = IdsTask({0, 5, 2});
  task.options.return_logits = true;
  Classify(std::move(task));
  EXPECT_TRUE(replica_->Step());
  const ClassifyAnswer answer = Answer();
  EXPECT_THAT(answer.logits, ElementsAreArray(testing::FakeLogits({0, 5, 2}, 2)));
  ASSERT_THAT(answer.labels, SizeIs(2));
  EXPECT_EQ(answer.labels[0].index, answer.logits[0] >= answer.logits[1] ? 0 : 1);
  EXPECT_FLOAT_EQ(answer.labels[0].score + answer.labels[1].score, 1);
  EXPECT_EQ(answer.usage.seen, 3);
  EXPECT_EQ(answer.usage.used, 3);
  EXPECT_EQ(answer.usage.chunks, 1);
  EXPECT_FALSE(answer.usage.shortened);
  EXPECT_THAT(answer.evidence, IsEmpty());
}

TEST_F(DocumentPipelineTest, AnswersTextLikeItsTokenIds) {
  replica_->Start();
  const testing::FakeTokenizer tokenizer;
  ClassifyTask task = TextTask("hello world");
  task.options.return_logits = true;
  Classify(std::move(task));
  box_.WaitFor(1);
  EXPECT_THAT(Answer().logits,
              ElementsAreArray(testing::FakeLogits(
                  {0, tokenizer.WordId("hello"), tokenizer.WordId("world"), 2}, 2)));
  EXPECT_EQ(observer_->record().texts, 1);
}

TEST_F(DocumentPipelineTest, GivesLogitsAndEvidenceOnlyWhereAskedFor) {
  replica_->Start();
  ClassifyTask task = TextTask("One two. Three");
  task.options.return_evidence = true;
  Classify(std::move(task));
  box_.WaitFor(1);
  EXPECT_THAT(Answer().logits, IsEmpty());
  ASSERT_THAT(Answer().evidence, SizeIs(2));
  for (const EvidenceSpan& span : Answer().evidence) {
    EXPECT_EQ(span.end_byte, span.begin_byte == 0 ? 8 : 14);
    EXPECT_GT(span.weight, 0);
  }
}

TEST_F(DocumentPipelineTest, CombinesTheChunksOfALongDocument) {
  ClassifyTask task = IdsTask(Ids(50));
  task.options.return_logits = true;
  Classify(std::move(task));
  EXPECT_TRUE(replica_->Step());
  EXPECT_THAT(classifier_->batches(), ElementsAre(ElementsAre(28, 28)));
  EXPECT_EQ(Answer().usage.seen, 50);
  EXPECT_EQ(Answer().usage.used, 50);
  EXPECT_EQ(Answer().usage.chunks, 2);
  EXPECT_TRUE(Answer().usage.shortened);
  EXPECT_THAT(observer_->record().documents, ElementsAre(Pair(50, 50)));
}

TEST_F(DocumentPipelineTest, AnswersALongDocumentWhenItsLastChunkIsComputed) {
  Classify(IdsTask(Ids(100)));
  EXPECT_TRUE(replica_->Step());
  EXPECT_EQ(box_.size(), 0u);
  EXPECT_TRUE(replica_->Step());
  EXPECT_EQ(box_.size(), 1u);
}

TEST_F(DocumentPipelineTest, ShortensByOption) {
  ClassifyTask task = IdsTask(Ids(50));
  task.options.long_document = LongDocument::kHead;
  Classify(std::move(task));
  EXPECT_TRUE(replica_->Step());
  EXPECT_THAT(classifier_->batches(), ElementsAre(ElementsAre(32)));
  EXPECT_EQ(Answer().usage.used, 32);
  EXPECT_TRUE(Answer().usage.shortened);
}

TEST_F(DocumentPipelineTest, RejectsALongDocumentByOption) {
  ClassifyTask task = IdsTask(Ids(50));
  task.options.long_document = LongDocument::kReject;
  Classify(std::move(task));
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(observer_->record().rejected, ElementsAre(Pair(RejectReason::kInvalid, 1)));
}

TEST_F(DocumentPipelineTest, SaysWhereTheTimeWent) {
  classifier_->before_classify = [this](const model::PackedBatch&) {
    clock_.Advance(absl::Seconds(3));
    return absl::OkStatus();
  };
  Classify(IdsTask(Ids(100)));
  clock_.Advance(absl::Seconds(5));
  EXPECT_TRUE(replica_->Step());
  clock_.Advance(absl::Seconds(1));
  EXPECT_TRUE(replica_->Step());
  EXPECT_EQ(Answer().tokenize, absl::ZeroDuration());
  EXPECT_EQ(Answer().queue, absl::Seconds(5));
  EXPECT_EQ(Answer().compute, absl::Seconds(3 + 1 + 3));
}

TEST_F(DocumentPipelineTest, RefusesBadDocumentsAtOnce) {
  Classify(IdsTask({0, 5000}));
  EXPECT_THAT(Message(), HasSubstr("document.token_ids.ids[1]"));
  Classify(IdsTask({}));
  ClassifyTask task = IdsTask({5});
  task.options.top_k = -1;
  Classify(std::move(task));
  EXPECT_EQ(box_.size(), 3u);
  EXPECT_THAT(observer_->record().rejected, ElementsAre(Pair(RejectReason::kInvalid, 3)));
}

TEST_F(DocumentPipelineTest, RefusesTextWhereTheModelHasNoTokenizer) {
  Build(nullptr, {});
  Classify(TextTask("hello"));
  box_.WaitFor(1);
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kInvalidArgument));
}

TEST_F(DocumentPipelineTest, RefusesWhatTheQueueHasNoRoomFor) {
  Build(nullptr, {.max_tokens = 40, .max_documents = 10});
  Classify(IdsTask(Ids(30)));
  Classify(IdsTask(Ids(30)));
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(Message(), HasSubstr("is full"));
}

TEST_F(DocumentPipelineTest, SaysWhenADocumentHasMoreChunksThanTheQueueHolds) {
  Build(nullptr, {.max_tokens = 1000, .max_documents = 2});
  Classify(IdsTask(Ids(100)));
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Message(), HasSubstr("the queue holds at most 2"));
}

TEST_F(DocumentPipelineTest, DropsWhatIsExpiredOrCancelledOnArrival) {
  ClassifyTask expired = IdsTask({5});
  expired.deadline = clock_.Now();
  Classify(std::move(expired));
  const auto cancellation = std::make_shared<Cancellation>();
  cancellation->Cancel();
  ClassifyTask cancelled = IdsTask({5});
  cancelled.cancellation = cancellation;
  Classify(std::move(cancelled));
  EXPECT_THAT(box_.codes(),
              ElementsAre(absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kCancelled));
  EXPECT_FALSE(replica_->Step());
  EXPECT_THAT(observer_->record().dropped,
              ElementsAre(Pair(DropReason::kExpired, 1), Pair(DropReason::kCancelled, 1)));
}

TEST_F(DocumentPipelineTest, DropsWhatExpiresInTheQueueWithoutComputingIt) {
  ClassifyTask task = IdsTask(Ids(100));
  task.deadline = clock_.Now() + absl::Seconds(1);
  Classify(std::move(task));
  clock_.Advance(absl::Seconds(1));
  EXPECT_FALSE(replica_->Step());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(classifier_->batches(), IsEmpty());
  EXPECT_THAT(observer_->record().dropped, ElementsAre(Pair(DropReason::kExpired, 1)));
}

TEST_F(DocumentPipelineTest, AFailedDocumentLeavesItsNeighboursAlone) {
  classifier_->before_classify = [](const model::PackedBatch& batch) {
    for (const int32_t id : batch.ids()) {
      if (id == 666) return absl::InternalError("bad");
    }
    return absl::OkStatus();
  };
  Classify(IdsTask({5}));
  Classify(IdsTask({666}));
  Classify(IdsTask({6}));
  EXPECT_TRUE(replica_->Step());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kOk, absl::StatusCode::kInternal,
                                        absl::StatusCode::kOk));
}

TEST_F(DocumentPipelineTest, IsUnavailableOnceDrained) {
  queue_->Abandon();
  pool_->Drain(absl::InfinitePast());
  Classify(IdsTask({5}));
  Classify(TextTask("hello"));
  EXPECT_THAT(box_.codes(),
              ElementsAre(absl::StatusCode::kUnavailable, absl::StatusCode::kUnavailable));
  EXPECT_THAT(observer_->record().rejected, ElementsAre(Pair(RejectReason::kDraining, 2)));
}

}  // namespace
}  // namespace diffuser::pipeline
