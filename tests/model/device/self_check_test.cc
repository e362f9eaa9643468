#include "model/device/self_check.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/device/status_error.h"
#include "model/layers/diffusion_attention.h"
#include "tests/model/device/test_model.h"

namespace diffuser::device {
namespace {

using testing::HostKernels;
using ::testing::StartsWith;
using testing::TestModel;

class SelfCheckTest : public ::testing::TestWithParam<at::ScalarType> {
 protected:
  absl::Status Check() const {
    const auto shape = layers::AttentionShape(model_.config());
    const auto aten = MakeAtenKernels(*model_.graph, shape, model_.config().max_tokens(),
                                      model_.runtime->device());
    return CheckKernels(*model_.runtime, model_.config(), GetParam(), *aten,
                        *MakeLibraryKernels(model_.kernels, shape, GetParam()));
  }

  const TestModel model_ = TestModel::Load("tiny");
};

TEST_P(SelfCheckTest, PassesKernelsThatAgree) { EXPECT_TRUE(Check().ok()) << Check(); }

TEST_P(SelfCheckTest, SaysWhichPartOfTheAttentionIsWrongAndByHowMuch) {
  auto& errors = model_.kernels->errors;
  errors = {.all_tokens = 0.5f};
  EXPECT_TRUE(absl::IsFailedPrecondition(Check())) << Check();
  EXPECT_THAT(std::string(Check().message()),
              StartsWith("the attention of all tokens differs by "));
  errors = {.first_tokens = -1.0f};
  EXPECT_THAT(std::string(Check().message()),
              StartsWith("the attention of first tokens differs by "));
  errors = {.evidence = 0.1f};
  EXPECT_THAT(std::string(Check().message()), StartsWith("the evidence differs by "));
  errors = {.evidence = std::nanf("")};
  EXPECT_THAT(std::string(Check().message()), StartsWith("the evidence differs by nan"));
}

TEST_P(SelfCheckTest, SaysWhichWorkOnRowsIsWrong) {
  if (GetParam() == at::kFloat) GTEST_SKIP() << "LibTorch does it";
  auto& errors = model_.kernels->errors;
  errors = {.embeddings = 1.0f};
  EXPECT_THAT(std::string(Check().message()), StartsWith("the norm of the embeddings differs by "));
  errors = {.norm = 1.0f};
  EXPECT_THAT(std::string(Check().message()), StartsWith("the norm of a sum differs by "));
  errors = {.activation = 1.0f};
  EXPECT_THAT(std::string(Check().message()), StartsWith("the activation differs by "));
}

TEST_P(SelfCheckTest, ThrowsWhatTheKernelsFailWith) {
  model_.kernels->is_lost = true;
  EXPECT_THROW(Check().IgnoreError(), StatusError);
}

INSTANTIATE_TEST_SUITE_P(Types, SelfCheckTest,
                         ::testing::Values(at::kBFloat16, at::kHalf, at::kFloat),
                         [](const auto& tested) { return c10::toString(tested.param); });

}  // namespace
}  // namespace diffuser::device
