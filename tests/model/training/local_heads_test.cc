#include "model/training/local_heads.h"

#include <ATen/ATen.h>

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/training/small_job.h"

namespace diffuser::training {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr double kDeviation = 0.07;
constexpr int kTokens = 60;

model::ModelConfig Config() {
  model::ModelConfig config = testing::SmallConfig(model::ProblemType::kMultiLabel);
  config.hidden_size = 192;
  config.num_heads = 6;
  config.vocab_size = 300;
  config.max_position_embeddings = 80;
  return config;
}

class LocalHeadsTest : public ::testing::Test {
 protected:
  LocalHeadsTest() { StartWithLocalHeads(parameters_, kDeviation); }

  at::Tensor Get(const char* name) const { return parameters_.Get(name).detach(); }

  // The attention of the first layer's head over random tokens, were all joined: [dst, src].
  at::Tensor Attention(int head) const {
    at::manual_seed(4);
    const at::Tensor ids = at::randint(2, 300, {kTokens}, at::kLong);
    const at::Tensor x =
        at::layer_norm(Get("embeddings.word_embeddings.weight").index_select(0, ids) +
                           Get("embeddings.position_embeddings.weight").narrow(0, 2, kTokens) +
                           Get("embeddings.token_type_embeddings.weight"),
                       {192});
    const auto project = [&](const char* name) {
      return at::matmul(x, Get(name).t()).narrow(1, head * 32, 32);
    };
    return at::softmax(at::matmul(project("encoder.layer.0.attention.self.query.weight"),
                                  project("encoder.layer.0.attention.self.key.weight").t()) /
                           std::sqrt(32.0),
                       1);
  }

  // What tokens give on average to the one at `offset` from them.
  double WeightAt(int head, int offset) const {
    return Attention(head).diagonal(offset).mean().item<double>();
  }

  TrainableParameters parameters_{Config(), kDeviation, 3};
};

TEST(LocalHeadOffsets, LeaveAQuarterOfTheHeads) {
  EXPECT_THAT(LocalHeadOffsets(1), IsEmpty());
  EXPECT_THAT(LocalHeadOffsets(2), ElementsAre(-0.5));
  EXPECT_THAT(LocalHeadOffsets(4), ElementsAre(-0.5, 0.5, -1));
  EXPECT_THAT(LocalHeadOffsets(8), SizeIs(6));
  EXPECT_THAT(LocalHeadOffsets(12), SizeIs(6));
}

TEST_F(LocalHeadsTest, ReadATokenAndItsNeighbour) {
  EXPECT_GT(WeightAt(0, 0), 0.3);
  EXPECT_GT(WeightAt(0, -1), 0.3);
  EXPECT_LT(WeightAt(0, 1), 0.1);
  EXPECT_GT(WeightAt(1, 0), 0.3);
  EXPECT_GT(WeightAt(1, 1), 0.3);
}

TEST_F(LocalHeadsTest, ReadTheNeighbourAtTheirOffset) {
  EXPECT_GT(WeightAt(2, -1), 0.6);
  EXPECT_GT(WeightAt(3, 1), 0.6);
  EXPECT_GT(WeightAt(4, -2), 0.6);
}

TEST_F(LocalHeadsTest, LeaveTheOtherHeadsAndLayersAsTheyWere) {
  const TrainableParameters normal(Config(), kDeviation, 3);
  for (const char* name : {"encoder.layer.0.attention.self.query.weight",
                           "encoder.layer.0.attention.self.key.weight"}) {
    EXPECT_TRUE(Get(name).narrow(0, 160, 32).equal(normal.Get(name).detach().narrow(0, 160, 32)));
  }
  for (const Parameter& parameter : normal.all()) {
    if (parameter.name.find("layer.0.attention.self") != std::string::npos ||
        parameter.name.find("embeddings") != std::string::npos) {
      continue;
    }
    EXPECT_TRUE(parameter.tensor.equal(parameters_.Get(parameter.name))) << parameter.name;
  }
}

TEST_F(LocalHeadsTest, KeepThePaddingsEmbeddingsAtZero) {
  EXPECT_EQ(Get("embeddings.word_embeddings.weight")[1].abs().max().item<double>(), 0.0);
  EXPECT_EQ(Get("embeddings.position_embeddings.weight")[1].abs().max().item<double>(), 0.0);
}

TEST(StartWithLocalHeads, TakesModelsOfAnyShape) {
  model::ModelConfig config = testing::SmallConfig(model::ProblemType::kMultiLabel);
  for (const int heads : {1, 2, 4}) {
    config.num_heads = heads;
    const TrainableParameters parameters(config, kDeviation, 3);
    StartWithLocalHeads(parameters, kDeviation);
    for (const Parameter& parameter : parameters.all()) {
      EXPECT_TRUE(parameter.tensor.isfinite().all().item<bool>()) << parameter.name;
    }
  }
}

}  // namespace
}  // namespace diffuser::training
