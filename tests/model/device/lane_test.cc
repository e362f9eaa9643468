#include "model/device/lane.h"

#include <ATen/Context.h>
#include <c10/core/InferenceMode.h>

#include <map>
#include <numeric>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/layers/diffusion_attention.h"
#include "tests/model/device/test_model.h"

namespace diffuser::device {
namespace {

using model::Classification;
using model::PackedBatch;
using testing::Documents;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;
using testing::MakeEncoder;
using testing::TestModel;

constexpr BatchBounds kMost = {.tokens = 600, .documents = 20, .longest = 256};

class LaneTest : public ::testing::Test {
 protected:
  Lane MakeLane(LaneOptions options = {}) {
    return Lane(*model_.runtime, encoder_, kMost, std::move(options));
  }

  static std::vector<Classification> Classify(Lane& lane, const PackedBatch& batch) {
    return lane.Classify(batch, std::vector<bool>(batch.documents(), true));
  }

  static void ExpectSameBits(const std::vector<Classification>& actual,
                             const std::vector<Classification>& expected) {
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(actual[i].logits, expected[i].logits) << "document " << i;
      EXPECT_EQ(actual[i].evidence, expected[i].evidence) << "document " << i;
    }
  }

  const c10::InferenceMode no_autograd_;
  const TestModel model_ = TestModel::Load("tiny");
  const std::shared_ptr<const DeviceEncoder> encoder_ = MakeEncoder(
      model_,
      MakeLibraryKernels(model_.kernels, layers::AttentionShape(model_.config()), at::kBFloat16),
      at::kBFloat16);
};

TEST_F(LaneTest, ReplaysABatchClassFromItsThirdUseOn) {
  Lane lane = MakeLane();
  const PackedBatch batch = Documents({100, 40, 7});
  const auto expected = Classify(lane, batch);
  EXPECT_EQ(model_.runtime->captures, 0);
  ExpectSameBits(Classify(lane, batch), expected);
  EXPECT_EQ(model_.runtime->captures, 1);
  EXPECT_EQ(model_.runtime->replays, 0);
  ExpectSameBits(Classify(lane, batch), expected);
  EXPECT_EQ(model_.runtime->captures, 1);
  EXPECT_EQ(model_.runtime->replays, 1);
}

TEST_F(LaneTest, ReplaysOtherBatchesOfTheClassWithTheirOwnAnswers) {
  // The class of all three: 192 tokens, 4 documents, the longest of up to 128.
  const std::vector<PackedBatch> batches = {Documents({100, 50, 20}), Documents({70, 65, 30, 5}),
                                            Documents({1, 60, 128})};
  model_.runtime->graphs = false;
  Lane stepwise = MakeLane();
  model_.runtime->graphs = true;
  Lane lane = MakeLane();
  for (int round = 0; round < 2; ++round) {
    for (const PackedBatch& batch : batches) {
      const auto expected = Classify(stepwise, batch);
      const auto actual = Classify(lane, batch);
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(actual[i].evidence, expected[i].evidence);
        for (size_t label = 0; label < expected[i].logits.size(); ++label) {
          EXPECT_NEAR(actual[i].logits[label], expected[i].logits[label], 0.02);
        }
      }
    }
  }
  EXPECT_EQ(model_.runtime->captures, 1);
  EXPECT_EQ(model_.runtime->replays, 4);
}

TEST_F(LaneTest, LeavesOutEvidenceThatNobodyAskedFor) {
  Lane lane = MakeLane();
  const PackedBatch batch = Documents({30, 20});
  const auto all = Classify(lane, batch);
  for (int i = 0; i < 3; ++i) {
    const auto some = lane.Classify(batch, {false, true});
    EXPECT_TRUE(some[0].evidence.empty());
    EXPECT_EQ(some[1].evidence, all[1].evidence);
    const auto none = lane.Classify(batch, {});
    EXPECT_TRUE(none[1].evidence.empty());
    EXPECT_EQ(none[1].logits, all[1].logits);
  }
}

TEST_F(LaneTest, GoesOnWithoutGraphsWhereCapturingFails) {
  std::vector<std::string> errors;
  Lane lane = MakeLane({.on_internal_error = [&](const auto& error) { errors.push_back(error); }});
  model_.runtime->fails_captures = true;
  const PackedBatch batch = Documents({100});
  const auto expected = Classify(lane, batch);
  for (int i = 0; i < 3; ++i) {
    const auto again = Classify(lane, batch);
    EXPECT_EQ(again[0].evidence, expected[0].evidence);
  }
  EXPECT_EQ(model_.runtime->captures, 0);
  EXPECT_THAT(errors, ElementsAre(HasSubstr("no capture today")));
}

TEST_F(LaneTest, KeepsNoMoreGraphsThanItMay) {
  Lane lane = MakeLane({.classes = 1});
  const PackedBatch one = Documents({100}), other = Documents({200});
  for (int i = 0; i < 2; ++i) {
    for (const PackedBatch* batch : {&one, &one, &other, &other}) Classify(lane, *batch);
  }
  EXPECT_EQ(model_.runtime->captures, 4);
  EXPECT_EQ(model_.runtime->replays, 0);
}

TEST_F(LaneTest, MeasuresThePartsOfASampleOfItsBatches) {
  std::map<std::string, std::vector<double>> parts;
  Lane lane = MakeLane({.sample_every = 4, .on_device_part = [&](auto part, double seconds) {
                          parts[std::string(part)].push_back(seconds);
                        }});
  const PackedBatch batch = Documents({100, 40, 7});
  const auto expected = Classify(lane, batch);
  for (int i = 2; i < 4; ++i) ExpectSameBits(Classify(lane, batch), expected);
  EXPECT_TRUE(parts.empty());
  for (int i = 4; i <= 8; ++i) ExpectSameBits(Classify(lane, batch), expected);
  EXPECT_THAT(parts,
              ElementsAre(Key("attention"), Key("copy"), Key("embeddings"), Key("feed_forward"),
                          Key("head"), Key("norms"), Key("projections")));
  for (const auto& [part, seconds] : parts) {
    EXPECT_EQ(seconds.size(), 2) << part;
    for (const double each : seconds) EXPECT_GE(each, 0.0) << part;
  }
}

TEST_F(LaneTest, AnswersBesideAnotherLane) {
  const PackedBatch batch = Documents({100, 40, 7});
  Lane first = MakeLane(), second = MakeLane();
  const auto expected = Classify(first, batch);
  std::vector<std::thread> threads;
  for (Lane* lane : {&first, &second}) {
    threads.emplace_back([&, lane] {
      const c10::InferenceMode no_autograd;
      for (int i = 0; i < 5; ++i) ExpectSameBits(Classify(*lane, batch), expected);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// What a graph replays finds all its memory in the workspace.
TEST_F(LaneTest, TakesNoMemoryInAReplay) {
  at::globalContext().setUserEnabledMkldnn(false);  // the CPU's products in it take some
  Lane lane = MakeLane();
  const PackedBatch batch = Documents({100, 40, 7});
  for (int i = 0; i < 3; ++i) Classify(lane, batch);
  EXPECT_EQ(model_.runtime->replays, 1);
  at::globalContext().setUserEnabledMkldnn(true);
  EXPECT_EQ(model_.runtime->bytes_in_replays, 0);
}

}  // namespace
}  // namespace diffuser::device
