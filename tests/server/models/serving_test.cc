#include "server/models/serving.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/answer_box.h"
#include "tests/testing/fake_factories.h"

namespace diffuser::models {
namespace {

using ::testing::ElementsAre;
using testing::FakeFactories;

class ServingTest : public ::testing::Test {
 protected:
  std::unique_ptr<Serving> MakeServing(int tokenizer_vocab = 1000) {
    return std::make_unique<Serving>(ServingOptions{},
                                     FakeFactories(classifier_, observer_, tokenizer_vocab),
                                     &events_, absl::Now);
  }
  void Classify(const ServedModel& model, std::string text) {
    pipeline::ClassifyTask task;
    task.content = std::move(text);
    model.pipeline->Classify(std::move(task), box_.NewCompletion());
  }

  const ModelSpec spec_{"name", "1", "dir"};
  ServingEvents events_;
  testing::AnswerBox<pipeline::ClassifyAnswer> box_;
  std::shared_ptr<testing::FakeClassifier> classifier_ =
      std::make_shared<testing::FakeClassifier>();
  std::shared_ptr<testing::RecordingObserver> observer_ =
      std::make_shared<testing::RecordingObserver>();
};

TEST_F(ServingTest, DescribesTheModelItServes) {
  auto serving = MakeServing();
  const auto model = serving->Load(spec_);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ((*model)->config.vocab_size, 1000);
  EXPECT_EQ((*model)->replicas.devices, "cpu");
  EXPECT_EQ((*model)->replicas.precisions, "float32");
  EXPECT_TRUE((*model)->has_tokenizer);
}

TEST_F(ServingTest, SaysThatAModelHasNoTokenizer) {
  auto serving = MakeServing(0);
  EXPECT_FALSE((*serving->Load(spec_))->has_tokenizer);
}

TEST_F(ServingTest, WarmsUpBeforeItServes) {
  auto serving = MakeServing();
  ASSERT_TRUE(serving->Load(spec_).ok());
  EXPECT_THAT(classifier_->batches().back(), ElementsAre(32));
}

TEST_F(ServingTest, FailsToLoadWhereTheWarmUpFails) {
  classifier_->before_classify = [](const model::PackedBatch&) {
    return absl::ResourceExhaustedError("no memory");
  };
  EXPECT_EQ(MakeServing()->Load(spec_).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(ServingTest, AnswersFromEveryModelItLoaded) {
  auto serving = MakeServing();
  const auto first = *serving->Load(spec_);
  const auto second = *serving->Load({"other", "1", "dir"});
  Classify(*first, "one");
  Classify(*second, "two");
  serving->Drain(absl::InfiniteFuture());
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kOk, absl::StatusCode::kOk));
}

TEST_F(ServingTest, AModelThatOutlivesItIsUnavailable) {
  auto serving = MakeServing();
  const auto model = *serving->Load(spec_);
  serving.reset();
  Classify(*model, "one");
  EXPECT_THAT(box_.codes(), ElementsAre(absl::StatusCode::kUnavailable));
}

TEST_F(ServingTest, LoadsNothingOnceDrained) {
  auto serving = MakeServing();
  serving->Drain(absl::InfinitePast());
  EXPECT_EQ(serving->Load(spec_).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace diffuser::models
