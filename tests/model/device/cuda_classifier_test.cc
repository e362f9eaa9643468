// A classifier on a device, whole: loaded, checked and asked, with the library's host code and
// kernels on the host shim.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/device/device_classifier.h"
#include "model/layers/diffusion_attention.h"
#include "tests/model/device/test_model.h"
#include "tests/model/kernels/cuda/stream_attention.h"
#include "tests/testing/checkpoint_writer.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::device {
namespace {

using kernels::cuda::testing::H100;
using kernels::cuda::testing::StreamKernelsOrDie;
using model::Precision;
using ::testing::SizeIs;

model::ModelConfig SmallConfig() {
  model::ModelConfig config;
  config.vocab_size = 300;
  config.hidden_size = 32;
  config.num_layers = 2;
  config.num_heads = 2;
  config.intermediate_size = 40;
  config.max_position_embeddings = 98;
  config.attention_window = 16;
  config.num_rand = 3;
  config.num_glob = 70;
  config.labels = {"no", "yes", "maybe"};
  config.label_thresholds = {0.5f, 0.5f, 0.5f};
  return config;
}

class CudaClassifierTest : public ::testing::Test {
 protected:
  CudaClassifierTest() {
    EXPECT_TRUE(diffuser::testing::WriteRandomCheckpoint(dir_.path(), SmallConfig(), 3).ok());
    model_ = testing::TestModel::LoadFolder(dir_.path());
    parts_ = model_.parts();
    parts_.kernels =
        StreamKernelsOrDie(H100(), *model_.graph, layers::AttentionShape(model_.config()));
  }

  diffuser::testing::TemporaryFolder dir_;
  testing::TestModel model_;
  DeviceParts parts_;
};

TEST_F(CudaClassifierTest, PassesTheSelfCheckAndAnswersAsTheCpuDoes) {
  const model::PackedBatch batch = testing::Documents({90, 1, 33});
  const auto cpu = model::Classifier::Load(dir_.path(), {.precision = Precision::kFloat32});
  ASSERT_TRUE(cpu.ok()) << cpu.status();
  const auto expected = *(*cpu)->Classify(batch, {true, true, true});
  for (const auto& [precision, bound] : {std::pair(Precision::kBFloat16, 0.03),
                                         {Precision::kFloat16, 0.004},
                                         {Precision::kFloat32, 0.002}}) {
    std::vector<std::string> fallbacks;
    model::LoadOptions options;
    options.max_batch_tokens = 128;
    options.on_fallback = [&](const model::Fallback& why) { fallbacks.push_back(why.details); };
    const auto classifier = MakeDeviceClassifier(parts_, precision, options);
    ASSERT_TRUE(classifier.ok()) << classifier.status();
    EXPECT_THAT(fallbacks, SizeIs(0));
    for (int use = 0; use < 6; ++use) {  // both lanes come to replay
      const auto answers = (*classifier)->Classify(batch, {true, true, true});
      ASSERT_TRUE(answers.ok()) << answers.status();
      for (size_t i = 0; i < expected.size(); ++i) {
        for (size_t label = 0; label < 3; ++label) {
          EXPECT_NEAR((*answers)[i].logits[label], expected[i].logits[label], bound);
        }
        for (size_t token = 0; token < expected[i].evidence.size(); ++token) {
          EXPECT_NEAR((*answers)[i].evidence[token], expected[i].evidence[token], bound);
        }
      }
    }
  }
  EXPECT_GT(model_.runtime->replays, 0);
}

}  // namespace
}  // namespace diffuser::device
