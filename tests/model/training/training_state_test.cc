#include "model/training/training_state.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/training/small_job.h"
#include "tests/testing/temporary_folder.h"

namespace diffuser::training {
namespace {

using ::testing::HasSubstr;

struct SmallRun {
  explicit SmallRun(uint64_t seed)
      : parameters(testing::SmallConfig(model::ProblemType::kMultiLabel), 0.02, seed),
        optimizer(parameters.all(), {}) {}

  void Step(uint64_t seed) {
    at::manual_seed(seed);
    for (const Parameter& parameter : parameters.all()) {
      at::Tensor tensor = parameter.tensor;
      tensor.mutable_grad() = at::randn_like(tensor.detach());
    }
    optimizer.Step(0.01, optimizer.GradientNorm());
  }

  TrainableParameters parameters;
  Optimizer optimizer;
};

RunProgress MakeProgress() {
  RunProgress progress;
  progress.step = 2;
  progress.tokens = 1234;
  progress.seconds = 0.1 + 0.2;  // no short decimal
  progress.loss_sum = 1.0 / 3.0;
  progress.loss_documents = 7;
  progress.best_score = 2.0 / 3.0;
  progress.best_step = 1;
  progress.settings = "epochs 3\nseed 1\n";
  return progress;
}

class TrainingStateTest : public ::testing::Test {
 protected:
  std::string dir() const { return folder_.path("training"); }

  absl::Status Save(const RunProgress& progress) {
    return SaveState(dir(), progress, run_.parameters, run_.optimizer);
  }

  diffuser::testing::TemporaryFolder folder_;
  SmallRun run_{1};
};

TEST_F(TrainingStateTest, ComesBackToTheBit) {
  run_.Step(1);
  run_.Step(2);
  ASSERT_TRUE(Save(MakeProgress()).ok());
  SmallRun other(9);
  const auto progress =
      LoadState(dir(), MakeProgress().settings, other.parameters, other.optimizer);
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_EQ(progress->seconds, 0.1 + 0.2);
  EXPECT_EQ(progress->loss_sum, 1.0 / 3.0);
  EXPECT_EQ(progress->best_score, 2.0 / 3.0);
  EXPECT_EQ(progress->tokens, 1234);
  // The next step of both is the same: weights, moments and the count of steps came back.
  run_.Step(3);
  other.Step(3);
  for (size_t i = 0; i < run_.parameters.all().size(); ++i) {
    EXPECT_TRUE(run_.parameters.all()[i].tensor.equal(other.parameters.all()[i].tensor))
        << run_.parameters.all()[i].name;
  }
}

TEST_F(TrainingStateTest, ReplacesTheFormerOne) {
  RunProgress progress = MakeProgress();
  ASSERT_TRUE(Save(progress).ok());
  progress.step = 5;
  ASSERT_TRUE(Save(progress).ok());
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir())) {
    EXPECT_THAT(entry.path().filename().string(),
                ::testing::AnyOf("state.json", "state-5.safetensors"));
    ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST_F(TrainingStateTest, IsTheFormerOneWhereACrashLeftWeightsAlone) {
  ASSERT_TRUE(Save(MakeProgress()).ok());
  folder_.Write("training/state-3.safetensors.partial", "half");
  const auto progress = LoadState(dir(), MakeProgress().settings, run_.parameters, run_.optimizer);
  ASSERT_TRUE(progress.ok()) << progress.status();
  EXPECT_EQ(progress->step, 2);
}

TEST_F(TrainingStateTest, IsRefusedUnderOtherSettings) {
  ASSERT_TRUE(Save(MakeProgress()).ok());
  const auto progress = LoadState(dir(), "epochs 3\nseed 2\n", run_.parameters, run_.optimizer);
  EXPECT_EQ(progress.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(progress.status().message(), HasSubstr("seed 1; expected seed 2"));
}

TEST_F(TrainingStateTest, NamesTheFileThatIsMissingOrDamaged) {
  const auto absent = LoadState(dir(), "", run_.parameters, run_.optimizer);
  EXPECT_EQ(absent.status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Save(MakeProgress()).ok());
  folder_.Write("training/state.json", "{\"step\": \"two\"}");
  const auto damaged = LoadState(dir(), "", run_.parameters, run_.optimizer);
  EXPECT_EQ(damaged.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(damaged.status().message(), HasSubstr("state.json"));
}

}  // namespace
}  // namespace diffuser::training
