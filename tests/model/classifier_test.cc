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
  const auto classifier = Load({.precision = Precision::kFloat32});
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
  const auto cpu = Load({.precision = Precision::kFloat32, .kernels = "cpu"})->Classify(batch, {});
  const auto reference =
      Load({.precision = Precision::kFloat32, .kernels = "reference"})->Classify(batch, {});
  ASSERT_TRUE(cpu.ok() && reference.ok());
  for (int i = 0; i < 3; ++i) {
    for (int label = 0; label < 3; ++label) {
      EXPECT_NEAR((*cpu)[i].logits[label], (*reference)[i].logits[label], 1e-5);
    }
  }
}

TEST_F(ClassifierTest, StaysNearFloat32InEveryPrecision) {
  PackedBatch batch;
  for (int length : {100, 1, 7}) batch.Append(Ids(length));
  const auto expected = Load({.precision = Precision::kFloat32})->Classify(batch, {});
  ASSERT_TRUE(expected.ok());
  for (const Precision precision : {Precision::kBFloat16, Precision::kInt8}) {
    auto classifier = Classifier::Load(dir_, {.precision = precision});
    if (absl::IsFailedPrecondition(classifier.status())) continue;  // not on this processor
    ASSERT_TRUE(classifier.ok()) << classifier.status();
    EXPECT_EQ((*classifier)->precision(), precision);
    const auto actual = (*classifier)->Classify(batch, {});
    ASSERT_TRUE(actual.ok());
    for (int i = 0; i < 3; ++i) {
      for (int label = 0; label < 3; ++label) {
        EXPECT_NEAR((*actual)[i].logits[label], (*expected)[i].logits[label], 0.05);
      }
    }
  }
}

TEST_F(ClassifierTest, ReportsWhatItTriedBeforeItTookAPrecision) {
  std::vector<PrecisionCheck> checks;
  const auto classifier =
      Load({.on_precision_check = [&](const PrecisionCheck& check) { checks.push_back(check); }});
  EXPECT_NE(classifier->precision(), Precision::kAuto);
  if (checks.empty()) {
    EXPECT_EQ(classifier->precision(), Precision::kFloat32);
  } else if (checks.back().passed) {
    EXPECT_EQ(classifier->precision(), checks.back().precision);
    EXPECT_GT(checks.back().largest_logit_difference, 0);  // it did compute in another precision
  }
}

TEST_F(ClassifierTest, TakesLessMemoryForWeightsInInt8) {
  const auto int8 = Classifier::Load(dir_, {.precision = Precision::kInt8});
  if (absl::IsFailedPrecondition(int8.status())) GTEST_SKIP() << int8.status();
  EXPECT_LT((*int8)->weight_bytes(), Load({.precision = Precision::kFloat32})->weight_bytes());
}

TEST(PrecisionName, IsReadBack) {
  for (const Precision precision : {Precision::kAuto, Precision::kFloat32, Precision::kBFloat16,
                                    Precision::kFloat16, Precision::kInt8}) {
    EXPECT_EQ(PrecisionFromName(PrecisionName(precision)).value(), precision);
  }
  EXPECT_THAT(std::string(PrecisionFromName("int4").status().message()),
              HasSubstr("'int4'; expected auto, float32, bfloat16, float16 or int8"));
}

TEST_F(ClassifierTest, ChecksDocumentsAgainstItsConfig) {
  const auto classifier = Load({});
  EXPECT_TRUE(classifier->Validate(Ids(128)).ok());
  EXPECT_THAT(classifier->Validate(Ids(129)).message(), HasSubstr("1 to 128"));
}

TEST_F(ClassifierTest, RefusesOptionsThatCannotBeHad) {
  const auto status = [this](const LoadOptions& options) {
    return Classifier::Load(dir_, options).status();
  };
  for (const char* device : {"tpu", "auto", "cuda", "cuda:x"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(status({.device = device}))) << device;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(status({.kernels = "quantum"})));
  EXPECT_TRUE(absl::IsInvalidArgument(status({.compute_threads = 0})));
  EXPECT_TRUE(absl::IsInvalidArgument(status({.max_batch_tokens = 0})));
}

TEST_F(ClassifierTest, LeavesFloat16ToDevices) {
  const absl::Status status = Classifier::Load(dir_, {.precision = Precision::kFloat16}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("float16 needs a CUDA device"));
}

TEST_F(ClassifierTest, LoadsOnTheDevicesThatAreFound) {
  std::vector<Fallback> fallbacks;
  const auto devices =
      FindDevices("auto", [&](const Fallback& fallback) { fallbacks.push_back(fallback); });
  ASSERT_TRUE(devices.ok()) << devices.status();
  ASSERT_FALSE(devices->empty());
  EXPECT_EQ(Load({.device = devices->front()})->device(), devices->front());
  EXPECT_EQ(devices->front() == "cpu", fallbacks.size() == 1);
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
