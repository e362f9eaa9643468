#include "model/classifier.h"

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/checkpoint_writer.h"

namespace diffuser::model {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::SizeIs;

ModelConfig SmallConfig() {
  ModelConfig config;
  config.vocab_size = 50;
  config.hidden_size = 24;
  config.num_layers = 2;
  config.num_heads = 2;
  config.intermediate_size = 40;
  config.max_position_embeddings = 130;
  config.attention_window = 8;
  config.num_rand = 2;
  config.num_glob = 3;
  config.labels = {"no", "yes", "maybe"};
  config.label_thresholds = {0.5f, 0.5f, 0.5f};
  return config;
}

class ClassifierTest : public ::testing::Test {
 protected:
  ClassifierTest() : dir_(::testing::TempDir() + "/classifier_test_" + std::to_string(getpid())) {
    std::filesystem::remove_all(dir_);
    EXPECT_TRUE(diffuser::testing::WriteRandomCheckpoint(dir_, SmallConfig(), /*seed=*/3).ok());
  }
  ~ClassifierTest() override { std::filesystem::remove_all(dir_); }

  std::shared_ptr<const Classifier> Load(const LoadOptions& options) const {
    auto classifier = Classifier::Load(dir_, options);
    EXPECT_TRUE(classifier.ok()) << classifier.status();
    return *classifier;
  }

  std::string dir_;
};

std::vector<int32_t> Ids(int count) {
  std::vector<int32_t> ids(count);
  for (int i = 0; i < count; ++i) ids[i] = 2 + i % 48;
  return ids;
}

TEST_F(ClassifierTest, DescribesWhatItLoaded) {
  const auto classifier = Load({});
  EXPECT_EQ(classifier->config().max_tokens(), 128);
  EXPECT_THAT(classifier->config().labels, ElementsAre("no", "yes", "maybe"));
  EXPECT_EQ(classifier->device(), "cpu");
  EXPECT_EQ(classifier->precision(), Precision::kFloat32);
  EXPECT_GT(classifier->weight_bytes(), 4 * 50 * 24);
}

TEST_F(ClassifierTest, AnswersEveryDocumentInOrderAndGivesEvidenceToThoseThatAsked) {
  const auto classifier = Load({.compute_threads = 2});
  PackedBatch batch;
  for (int length : {5, 128, 1}) batch.Append(Ids(length));
  const auto answers = classifier->Classify(batch, {false, true, true});
  ASSERT_TRUE(answers.ok()) << answers.status();
  ASSERT_THAT(*answers, SizeIs(3));
  for (const Classification& answer : *answers) EXPECT_THAT(answer.logits, SizeIs(3));
  EXPECT_THAT((*answers)[0].evidence, SizeIs(0));
  EXPECT_THAT((*answers)[1].evidence, SizeIs(128));
  EXPECT_THAT((*answers)[2].evidence, ElementsAre(FloatNear(1.0f, 1e-6f)));
}

TEST_F(ClassifierTest, AgreesBetweenImplementationsOfTheAttention) {
  PackedBatch batch;
  for (int length : {1, 7, 100}) batch.Append(Ids(length));
  const auto cpu = Load({.kernels = "cpu"})->Classify(batch, {});
  const auto reference = Load({.kernels = "reference"})->Classify(batch, {});
  ASSERT_TRUE(cpu.ok() && reference.ok());
  for (int i = 0; i < 3; ++i) {
    for (int label = 0; label < 3; ++label) {
      EXPECT_NEAR((*cpu)[i].logits[label], (*reference)[i].logits[label], 1e-5);
    }
  }
}

TEST_F(ClassifierTest, StaysNearFloat32InBFloat16) {
  auto bfloat16 = Classifier::Load(dir_, {.precision = Precision::kBFloat16});
  if (absl::IsFailedPrecondition(bfloat16.status())) GTEST_SKIP() << bfloat16.status();
  ASSERT_TRUE(bfloat16.ok()) << bfloat16.status();
  EXPECT_EQ((*bfloat16)->precision(), Precision::kBFloat16);
  PackedBatch batch;
  batch.Append(Ids(100));
  const auto expected = Load({})->Classify(batch, {});
  const auto actual = (*bfloat16)->Classify(batch, {});
  ASSERT_TRUE(expected.ok() && actual.ok());
  for (int label = 0; label < 3; ++label) {
    EXPECT_NEAR((*actual)[0].logits[label], (*expected)[0].logits[label], 0.05);
  }
}

TEST_F(ClassifierTest, SaysWhichIdIsWrong) {
  const auto classifier = Load({});
  EXPECT_TRUE(classifier->Validate(Ids(128)).ok());
  EXPECT_THAT(classifier->Validate({}).message(), HasSubstr("0 tokens"));
  EXPECT_THAT(classifier->Validate(Ids(129)).message(), HasSubstr("1 to 128"));
  EXPECT_THAT(classifier->Validate({3, 50}).message(), HasSubstr("id 50 at position 1"));
  EXPECT_THAT(classifier->Validate({-1}).message(), HasSubstr("id -1 at position 0"));
  EXPECT_THAT(classifier->Validate({2, 3, 1}).message(), HasSubstr("padding id"));
}

TEST_F(ClassifierTest, RefusesOptionsThatCannotBeHad) {
  const auto status = [this](const LoadOptions& options) {
    return Classifier::Load(dir_, options).status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(status({.device = "tpu"})));
  EXPECT_TRUE(absl::IsInvalidArgument(status({.kernels = "quantum"})));
  EXPECT_TRUE(absl::IsInvalidArgument(status({.compute_threads = 0})));
}

// On a machine without a driver, or without the library; with both there may be no device 1000.
TEST_F(ClassifierTest, SaysWhyThereIsNoSuchDevice) {
  const absl::Status status = Classifier::Load(dir_, {.device = "cuda:1000"}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), ::testing::StartsWith("device cuda:1000: no "));
  EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("\n")));
}

TEST_F(ClassifierTest, RefusesADirectoryThatIsNotThere) {
  const absl::Status status = Classifier::Load(dir_ + "/nowhere", {}).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("nowhere"));
}

TEST(Classifier, RefusesACheckpointWithoutAClassificationHead) {
  const absl::Status status = Classifier::Load(DIFFUSER_GOLDEN "/tiny-mlm", {}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("masked-LM"));
}

}  // namespace
}  // namespace diffuser::model
