#include "server/models/model_loader.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/testing/fake_devices.h"
#include "tests/testing/fake_factories.h"

namespace diffuser::models {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FakeClassifier;
using testing::FakeFactories;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const ModelSpec kSpec{"m", "1", "dir"};

ModelFactories Factories(int tokenizer_vocab, const model::ModelConfig& config) {
  return FakeFactories(std::make_shared<FakeClassifier>(config),
                       std::make_shared<testing::RecordingObserver>(), tokenizer_vocab);
}

absl::StatusOr<LoadedCheckpoint> Load(ModelFactories factories) {
  ServingEvents events;
  return ModelLoader(std::move(factories), false, &events).Load(kSpec);
}

TEST(ModelLoader, GivesModelAndTokenizer) {
  const auto loaded = Load(Factories(1000, testing::SmallConfig()));
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->classifiers.size(), 1u);
  EXPECT_NE(loaded->classifiers[0], nullptr);
  EXPECT_NE(loaded->tokenizer, nullptr);
}

TEST(ModelLoader, ServesACheckpointWithoutTokenizer) {
  const auto loaded = Load(Factories(0, testing::SmallConfig()));
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->tokenizer, nullptr);
}

TEST(ModelLoader, RefusesATokenizerThatKnowsMoreThanTheModel) {
  const auto loaded = Load(Factories(1001, testing::SmallConfig()));
  EXPECT_EQ(loaded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(loaded.status().message()),
              AllOf(HasSubstr("dir"), HasSubstr("1001"), HasSubstr("1000")));
}

TEST(ModelLoader, RefusesAMaskedLanguageModel) {
  auto config = testing::SmallConfig();
  config.head = model::HeadKind::kMaskedLm;
  EXPECT_EQ(Load(Factories(1000, config)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ModelLoader, PassesOnTheErrorsOfTheFactories) {
  auto factories = Factories(1000, testing::SmallConfig());
  factories.load_tokenizer = [](const std::string&) {
    return absl::InvalidArgumentError("bad tokenizer.json");
  };
  EXPECT_EQ(Load(factories).status().message(), "bad tokenizer.json");
  factories.load_classifier = [](const ModelSpec&, const std::string&) {
    return absl::NotFoundError("no config");
  };
  EXPECT_EQ(Load(factories).status().message(), "no config");
}

class LoadOnDevicesTest : public ::testing::Test {
 protected:
  absl::StatusOr<LoadedCheckpoint> LoadOn(bool passes_over) {
    auto factories = devices_.Factories(std::make_shared<testing::RecordingObserver>());
    return ModelLoader(std::move(factories), passes_over, &events_).Load(kSpec);
  }
  // Of the devices that were loaded on, in order.
  static std::vector<std::string> NamesOf(const LoadedCheckpoint& loaded) {
    std::vector<std::string> names;
    for (const auto& classifier : loaded.classifiers) names.push_back(classifier->device());
    return names;
  }
  void FailOn(const std::vector<std::string>& devices, const absl::Status& status) {
    devices_.on_load = [=](const ModelSpec&, const std::string& device) {
      const bool fails = std::count(devices.begin(), devices.end(), device) > 0;
      return fails ? status : absl::OkStatus();
    };
  }

  testing::FakeDevices devices_{{"cuda:0", "cuda:1"}};
  testing::RecordingEvents events_;
};

TEST_F(LoadOnDevicesTest, LoadsAndWarmsUpOnEveryDevice) {
  const auto loaded = LoadOn(false);
  ASSERT_TRUE(loaded.ok());
  EXPECT_THAT(NamesOf(*loaded), ElementsAre("cuda:0", "cuda:1"));
  for (const char* device : {"cuda:0", "cuda:1"}) {
    EXPECT_THAT(devices_.LoadedOn(device)[0]->batches(), Not(IsEmpty()));
  }
}

TEST_F(LoadOnDevicesTest, FailsWhereANamedDeviceCannotHoldTheModel) {
  FailOn({"cuda:1"}, absl::ResourceExhaustedError("no memory"));
  EXPECT_EQ(LoadOn(false).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(events_.events(), IsEmpty());
}

TEST_F(LoadOnDevicesTest, PassesOverADeviceThatCannotHoldTheModel) {
  FailOn({"cuda:0"}, absl::ResourceExhaustedError("no memory"));
  EXPECT_THAT(NamesOf(*LoadOn(true)), ElementsAre("cuda:1"));
  EXPECT_THAT(events_.events(), ElementsAre("fallback no_memory"));
}

TEST_F(LoadOnDevicesTest, PassesOverADeviceThatTheWarmUpDoesNotFitOn) {
  devices_.on_made = [](testing::FakeClassifier& classifier) {
    if (classifier.device() != "cuda:0") return;
    classifier.before_classify = [](const model::PackedBatch&) {
      return absl::ResourceExhaustedError("no memory");
    };
  };
  EXPECT_THAT(NamesOf(*LoadOn(true)), ElementsAre("cuda:1"));
}

TEST_F(LoadOnDevicesTest, TheCpuIsTheLastDevice) {
  FailOn({"cuda:0", "cuda:1"}, absl::FailedPreconditionError("too old"));
  EXPECT_THAT(NamesOf(*LoadOn(true)), ElementsAre("cpu"));
  EXPECT_THAT(events_.events(), ElementsAre("fallback load_failed", "fallback load_failed"));
  FailOn({"cuda:0", "cuda:1", "cpu"}, absl::ResourceExhaustedError("no memory"));
  EXPECT_EQ(LoadOn(true).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(LoadOnDevicesTest, ABadCheckpointIsBadOnEveryDevice) {
  FailOn({"cuda:0"}, absl::InvalidArgumentError("bad config.json"));
  EXPECT_EQ(LoadOn(true).status().message(), "bad config.json");
  EXPECT_THAT(devices_.LoadedOn("cuda:1"), IsEmpty());
}

TEST_F(LoadOnDevicesTest, FailsWhereThereIsNoSuchDevice) {
  auto factories = devices_.Factories(std::make_shared<testing::RecordingObserver>());
  int calls = 0;
  factories.find_devices = [&calls]() -> absl::StatusOr<std::vector<std::string>> {
    ++calls;
    return absl::FailedPreconditionError("device cuda:7: no such device");
  };
  ModelLoader loader(std::move(factories), false, &events_);
  EXPECT_EQ(loader.Load(kSpec).status().message(), "device cuda:7: no such device");
  EXPECT_FALSE(loader.Load(kSpec).ok());
  EXPECT_EQ(calls, 1) << "devices are looked for once";
}

TEST_F(LoadOnDevicesTest, ModelsShareTheGateOfADevice) {
  ModelLoader loader(devices_.Factories(std::make_shared<testing::RecordingObserver>()), false,
                     &events_);
  const testing::FakeClassifier first(testing::SmallConfig(), "cuda:0");
  const testing::FakeClassifier second(testing::SmallConfig(), "cuda:0");
  const testing::FakeClassifier other(testing::SmallConfig(), "cuda:1");
  EXPECT_EQ(loader.GateOf(first), loader.GateOf(second));
  EXPECT_NE(loader.GateOf(first), loader.GateOf(other));
}

}  // namespace
}  // namespace diffuser::models
