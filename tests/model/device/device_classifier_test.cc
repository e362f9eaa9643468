#include "model/device/device_classifier.h"

#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/device/test_model.h"

namespace diffuser::device {
namespace {

using model::Classification;
using model::Classifier;
using model::Fallback;
using model::LoadOptions;
using model::PackedBatch;
using model::Precision;
using testing::Documents;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::TestModel;

class DeviceClassifierTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::shared_ptr<const Classifier>> TryLoad(Precision precision) {
    LoadOptions options;
    options.max_batch_tokens = max_batch_tokens_;
    options.on_fallback = [this](const Fallback& fallback) {
      reasons_.push_back(fallback.reason);
      details_ = fallback.details;
    };
    options.on_internal_error = [this](const std::string& error) { errors_ += error + "\n"; };
    return MakeDeviceClassifier(parts_, precision, options);
  }
  std::shared_ptr<const Classifier> Load(Precision precision) {
    auto classifier = TryLoad(precision);
    EXPECT_TRUE(classifier.ok()) << classifier.status() << errors_;
    return *std::move(classifier);
  }

  // float32 by LibTorch alone: what all else is compared with.
  std::vector<Classification> Expected(const PackedBatch& batch) const {
    DeviceParts parts = TestModel::Load("tiny").parts();
    parts.kernels = absl::InvalidArgumentError("not wanted");
    const auto classifier = MakeDeviceClassifier(parts, Precision::kFloat32, {});
    EXPECT_TRUE(classifier.ok()) << classifier.status();
    return *(*classifier)->Classify(batch, std::vector<bool>(batch.documents(), true));
  }

  static void ExpectNear(const absl::StatusOr<std::vector<Classification>>& actual,
                         const std::vector<Classification>& expected, double bound) {
    ASSERT_TRUE(actual.ok()) << actual.status();
    for (size_t i = 0; i < expected.size(); ++i) {
      for (size_t label = 0; label < expected[i].logits.size(); ++label) {
        EXPECT_NEAR((*actual)[i].logits[label], expected[i].logits[label], bound);
      }
      for (size_t token = 0; token < expected[i].evidence.size(); ++token) {
        EXPECT_NEAR((*actual)[i].evidence[token], expected[i].evidence[token], bound);
      }
    }
  }

  const TestModel model_ = TestModel::Load("tiny");
  DeviceParts parts_ = model_.parts();
  int max_batch_tokens_ = 1024;
  std::vector<std::string> reasons_;
  std::string details_, errors_;
};

TEST_F(DeviceClassifierTest, DescribesItself) {
  const auto classifier = Load(Precision::kBFloat16);
  EXPECT_EQ(classifier->device(), "cpu");  // the host plays the device
  EXPECT_EQ(classifier->precision(), Precision::kBFloat16);
  EXPECT_EQ(classifier->concurrency(), 2);
  EXPECT_EQ(classifier->max_batch_tokens(), 1024);
  EXPECT_TRUE(classifier->health().ok());
  EXPECT_EQ(classifier->device_memory()->used, 3);
  EXPECT_EQ(classifier->config().max_tokens(), 512);
  EXPECT_TRUE(absl::IsInvalidArgument(classifier->Validate({1})));
  EXPECT_LT(classifier->weight_bytes(), Load(Precision::kFloat32)->weight_bytes());
  EXPECT_THAT(reasons_, SizeIs(0));
}

TEST_F(DeviceClassifierTest, AnswersInEveryPrecisionOfADevice) {
  const PackedBatch batch = Documents({100, 1, 256, 33});
  const auto expected = Expected(batch);
  const std::vector<bool> evidence(batch.documents(), true);
  for (const auto& [precision, bound] : {std::pair(Precision::kBFloat16, 0.03),
                                         {Precision::kFloat16, 0.004},
                                         {Precision::kFloat32, 0.002}}) {
    const auto classifier = Load(precision);
    for (int i = 0; i < 4; ++i) ExpectNear(classifier->Classify(batch, evidence), expected, bound);
  }
  EXPECT_THAT(reasons_, SizeIs(0));
}

TEST_F(DeviceClassifierTest, RefusesThePrecisionOfTheCpu) {
  const absl::Status status = TryLoad(Precision::kInt8).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("precision int8 is the CPU's"));
}

TEST_F(DeviceClassifierTest, TakesLibTorchsOperatorsWhereTheKernelsAreWrong) {
  model_.kernels->errors.all_tokens = 2.0f;
  const PackedBatch batch = Documents({100, 7});
  const auto classifier = Load(Precision::kBFloat16);
  EXPECT_THAT(reasons_, ElementsAre("self_check"));
  EXPECT_THAT(details_, HasSubstr("kernels on cpu: the attention of all tokens differs by 2"));
  ExpectNear(classifier->Classify(batch, {true, true}), Expected(batch), 0.03);
}

TEST_F(DeviceClassifierTest, TakesLibTorchsOperatorsWhereThereAreNoKernels) {
  parts_.kernels = absl::InvalidArgumentError("a head size of 12");
  const auto classifier = Load(Precision::kFloat16);
  EXPECT_THAT(reasons_, ElementsAre("no_kernels"));
  EXPECT_EQ(details_, "a head size of 12");
  const PackedBatch batch = Documents({100, 7});
  ExpectNear(classifier->Classify(batch, {}), {}, 0);
}

TEST_F(DeviceClassifierTest, SaysThatThereAreNoGraphs) {
  model_.runtime->graphs = false;
  Load(Precision::kBFloat16);
  EXPECT_THAT(reasons_, ElementsAre("no_graphs"));
}

TEST_F(DeviceClassifierTest, TakesWhatMemoryThereIs) {
  model_.runtime->memory_bytes = 700'000;  // less than 1024 tokens need, more than 512
  const auto classifier = Load(Precision::kBFloat16);
  EXPECT_EQ(classifier->max_batch_tokens(), 512);
  EXPECT_THAT(reasons_, ::testing::IsEmpty());  // nothing else computes: batches are smaller
  EXPECT_EQ(model_.runtime->releases, 2);       // of what loading took, and of the first attempt
}

TEST_F(DeviceClassifierTest, HoldsTheLongestDocumentWhateverTheBudget) {
  max_batch_tokens_ = 10;
  const auto classifier = Load(Precision::kBFloat16);
  EXPECT_EQ(classifier->max_batch_tokens(), 512);
  EXPECT_TRUE(classifier->Classify(Documents({512}), {}).ok());
}

TEST_F(DeviceClassifierTest, IsNotLoadedWithoutMemoryForTheLongestDocument) {
  model_.runtime->memory_bytes = 1000;
  parts_.kernels = absl::InvalidArgumentError("not wanted");
  EXPECT_TRUE(absl::IsResourceExhausted(TryLoad(Precision::kBFloat16).status()));
}

TEST_F(DeviceClassifierTest, AsksForASmallerBatchThanThereIsRoomFor) {
  const auto classifier = Load(Precision::kBFloat16);
  const absl::Status tokens = classifier->Classify(Documents({512, 511, 2}), {}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(tokens)) << tokens;
  const absl::Status documents =
      classifier->Classify(Documents(std::vector<int>(129, 1)), {}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(documents)) << documents;
  EXPECT_THAT(std::string(documents.message()), HasSubstr("at most 128 and 1024"));
  EXPECT_TRUE(classifier->Classify(Documents({512, 512}), {}).ok());
}

TEST_F(DeviceClassifierTest, SurvivesAnErrorOfTheBatch) {
  const auto classifier = Load(Precision::kBFloat16);
  model_.runtime->fails_launches = true;
  const absl::Status status = classifier->Classify(Documents({20}), {}).status();
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("refuses")));
  EXPECT_THAT(errors_, HasSubstr("the device refuses"));
  EXPECT_TRUE(classifier->health().ok());
  model_.runtime->fails_launches = false;
  EXPECT_TRUE(classifier->Classify(Documents({20}), {}).ok());
}

TEST_F(DeviceClassifierTest, SurvivesAShortageOfMemory) {
  const auto classifier = Load(Precision::kBFloat16);
  model_.kernels->out_of_memory = true;
  EXPECT_TRUE(absl::IsResourceExhausted(classifier->Classify(Documents({20}), {}).status()));
  EXPECT_TRUE(classifier->health().ok());
  model_.kernels->out_of_memory = false;
  EXPECT_TRUE(classifier->Classify(Documents({20}), {}).ok());
}

TEST_F(DeviceClassifierTest, IsUnavailableOnceTheDeviceIsLost) {
  const auto classifier = Load(Precision::kBFloat16);
  model_.kernels->is_lost = true;
  EXPECT_TRUE(absl::IsInternal(classifier->Classify(Documents({20}), {}).status()));
  EXPECT_TRUE(absl::IsUnavailable(classifier->health()));
  EXPECT_THAT(errors_, HasSubstr("cpu is lost: the device fell off"));
  model_.kernels->is_lost = false;
  EXPECT_TRUE(absl::IsInternal(classifier->Classify(Documents({20}), {}).status()));
  EXPECT_TRUE(absl::IsUnavailable(classifier->health()));
}

TEST_F(DeviceClassifierTest, FindsALostDeviceWithoutKernels) {
  parts_.kernels = absl::InvalidArgumentError("not wanted");
  const auto classifier = Load(Precision::kBFloat16);
  model_.runtime->is_lost = true;
  EXPECT_TRUE(absl::IsInternal(classifier->Classify(Documents({20}), {}).status()));
  EXPECT_TRUE(absl::IsUnavailable(classifier->health()));
  EXPECT_THAT(errors_, HasSubstr("the device is gone"));
}

TEST_F(DeviceClassifierTest, TakesMoreCallersThanItHasLanes) {
  const auto classifier = Load(Precision::kBFloat16);
  const PackedBatch batch = Documents({60, 30});
  const auto expected = Expected(batch);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 3; ++j) {
        ExpectNear(classifier->Classify(batch, {true, true}), expected, 0.03);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace diffuser::device
