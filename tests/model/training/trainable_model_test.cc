#include "model/training/trainable_model.h"

#include <ATen/ATen.h>

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/training/loss.h"
#include "tests/model/training/small_job.h"
#include "tests/testing/checkpoint_writer.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using testing::SmallConfig;
using testing::SmallDataset;

constexpr model::ProblemType kMulti = model::ProblemType::kMultiLabel;

class TrainableModelTest : public ::testing::Test {
 protected:
  TrainableModelTest()
      : parameters_(std::make_shared<TrainableParameters>(SmallConfig(kMulti), 0.25, 1)) {
    auto model = TrainableModel::Make(parameters_);
    EXPECT_TRUE(model.ok()) << model.status();
    model_ = *std::move(model);
    for (int64_t row = 0; row < data_.size(); ++row) {
      batch_.Append(data_.ids(row));
      rows_.push_back(row);
    }
  }

  at::Tensor Loss(const layers::Dropout& dropout, bool recompute = false) const {
    return SumOfLosses(model_->TrainingLogits(batch_, dropout, recompute), data_, rows_, kMulti,
                       0.0);
  }

  TokenizedDataset data_ = SmallDataset(9);
  std::shared_ptr<TrainableParameters> parameters_;
  std::unique_ptr<TrainableModel> model_;
  model::PackedBatch batch_;
  BatchRows rows_;
};

TEST_F(TrainableModelTest, GivesInTrainingTheLogitsThatItServes) {
  const at::Tensor training = model_->TrainingLogits(batch_, {}, false).detach();
  EXPECT_LT((training - model_->Logits(batch_)).abs().max().item<double>(), 1e-5);
}

TEST_F(TrainableModelTest, GivesEveryParameterAGradient) {
  Loss({}).backward();
  for (const Parameter& parameter : parameters_->all()) {
    ASSERT_TRUE(parameter.tensor.grad().defined()) << parameter.name;
    // A key's bias moves all scores of a token alike, which the softmax does not see.
    const bool unseen = parameter.name.ends_with("key.bias");
    const double largest = parameter.tensor.grad().abs().max().item<double>();
    EXPECT_TRUE(unseen ? largest < 1e-5 : largest > 0.0) << parameter.name << " " << largest;
  }
}

TEST_F(TrainableModelTest, GivesTheSameBitsWhereActivationsAreRecomputed) {
  const layers::Dropout dropout = {.hidden = 0.1, .attention = 0.1, .hop = 0.1, .seed = 5};
  at::manual_seed(1);
  const at::Tensor kept = Loss(dropout);
  kept.backward();
  std::vector<at::Tensor> gradients;
  for (const Parameter& parameter : parameters_->all()) {
    gradients.push_back(parameter.tensor.grad());
    at::Tensor tensor = parameter.tensor;
    tensor.mutable_grad().reset();
  }
  at::manual_seed(1);
  const at::Tensor recomputed = Loss(dropout, /*recompute=*/true);
  recomputed.backward();
  EXPECT_TRUE(kept.equal(recomputed));
  for (size_t i = 0; i < gradients.size(); ++i) {
    EXPECT_TRUE(gradients[i].equal(parameters_->all()[i].tensor.grad()))
        << parameters_->all()[i].name;
  }
}

// Along a random direction of each parameter, with the same elements dropped above and below.
TEST_F(TrainableModelTest, HasTheDerivativesThatFiniteDifferencesGive) {
  const layers::Dropout dropout = {.attention = 0.1, .hop = 0.1, .seed = 5};
  Loss(dropout).backward();
  at::manual_seed(2);
  for (const Parameter& parameter : parameters_->all()) {
    at::Tensor values = parameter.tensor.detach();
    const at::Tensor direction = at::randn_like(values);
    const double slope = (direction * parameter.tensor.grad()).sum().item<double>();
    const double step = 2e-3;
    values.add_(direction, step);
    const double above = Loss(dropout).item<double>();
    values.add_(direction, -2 * step);
    const double below = Loss(dropout).item<double>();
    values.add_(direction, step);
    EXPECT_NEAR(slope, (above - below) / (2 * step), 2e-2 + 2e-2 * std::abs(slope))
        << parameter.name;
  }
}

TEST(TrainableParameters, AreTheSameForTheSameSeed) {
  const TrainableParameters first(SmallConfig(kMulti), 0.02, 3);
  const TrainableParameters second(SmallConfig(kMulti), 0.02, 3);
  const TrainableParameters other(SmallConfig(kMulti), 0.02, 4);
  constexpr char kName[] = "encoder.layer.1.intermediate.dense.weight";
  EXPECT_TRUE(first.Get(kName).equal(second.Get(kName)));
  EXPECT_FALSE(first.Get(kName).equal(other.Get(kName)));
  EXPECT_NEAR(first.Get(kName).detach().std().item<double>(), 0.02, 0.004);
  EXPECT_EQ(first.Get("embeddings.word_embeddings.weight")[1].abs().max().item<double>(), 0.0);
}

class InitialCheckpointTest : public ::testing::Test {
 protected:
  void Write(const model::ModelConfig& config) {
    ASSERT_TRUE(diffuser::testing::WriteRandomCheckpoint(folder_.path("it"), config, 8).ok());
  }

  diffuser::testing::TemporaryFolder folder_;
  TrainableParameters parameters_{SmallConfig(kMulti), 0.02, 3};
};

TEST_F(InitialCheckpointTest, GivesEncoderAndHeadWhereTheLabelsAreTheSame) {
  Write(SmallConfig(kMulti));
  const at::Tensor head = parameters_.Get("classifier.out_proj.weight").detach().clone();
  ASSERT_TRUE(parameters_.CopyFrom(folder_.path("it")).ok());
  EXPECT_FALSE(parameters_.Get("classifier.out_proj.weight").equal(head));
}

TEST_F(InitialCheckpointTest, LeavesTheHeadWhereTheLabelsAreOthers) {
  model::ModelConfig config = SmallConfig(kMulti);
  config.labels = {"x", "y", "z"};
  Write(config);
  const at::Tensor head = parameters_.Get("classifier.out_proj.weight").detach().clone();
  const at::Tensor encoder =
      parameters_.Get("encoder.layer.0.output.dense.weight").detach().clone();
  ASSERT_TRUE(parameters_.CopyFrom(folder_.path("it")).ok());
  EXPECT_TRUE(parameters_.Get("classifier.out_proj.weight").equal(head));
  EXPECT_FALSE(parameters_.Get("encoder.layer.0.output.dense.weight").equal(encoder));
}

TEST_F(InitialCheckpointTest, IsRefusedWhereAShapeDiffers) {
  model::ModelConfig config = SmallConfig(kMulti);
  config.intermediate_size = 40;
  Write(config);
  const absl::Status status = parameters_.CopyFrom(folder_.path("it"));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("intermediate.dense.weight is [40, 16]"));
}

}  // namespace
}  // namespace diffuser::training
