#include "model/kernels/cuda/device_kernels.h"

#include <cmath>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/kernels/cuda/self_check.h"
#include "tests/model/kernels/cuda/fake_runtime.h"
#include "tests/model/kernels/kernel_cases.h"

extern "C" const diffuser::kernels::cuda::Api* diffuser_cuda_api();

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::Answers;
using kernels::testing::BuildOrDie;
using kernels::testing::Compute;
using kernels::testing::KernelsOrDie;
using kernels::testing::Projections;
using kernels::testing::Serial;
using ::testing::FloatNear;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using testing::TheFakeDevice;

class DeviceKernelsTest : public ::testing::Test {
 protected:
  void TearDown() override { TheFakeDevice() = {}; }

  absl::StatusOr<DeviceKernels> Make(const std::string& device) {
    return MakeDeviceKernels(device, CudaLibrary::Of(diffuser_cuda_api()), graph_, shape_);
  }

  const DiffusionShape shape_ = {.heads = 1, .head_dim = 8, .hops = 2};
  const std::shared_ptr<const graph::AttentionGraph> graph_ =
      BuildOrDie({.nodes = 128, .window = 16, .num_rand = 3, .num_glob = 6});
};

TEST_F(DeviceKernelsTest, AreTheFirstDevicesOrThatOfTheNumber) {
  for (const char* name : {"cuda", "cuda:0"}) {
    const auto made = Make(name);
    ASSERT_TRUE(made.ok()) << made.status();
    EXPECT_EQ(made->device, "cuda:0");
    EXPECT_EQ(made->kernels->name(), "cuda");
  }
}

TEST_F(DeviceKernelsTest, AreRefusedForADeviceThatIsNotThere) {
  const auto made = Make("cuda:3");
  EXPECT_EQ(made.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(made.status().message(), "device cuda:3: no such CUDA device, of 1 in use");
}

TEST_F(DeviceKernelsTest, AreRefusedWithoutALibrary) {
  const auto made =
      MakeDeviceKernels("cuda", absl::NotFoundError("no CUDA kernels: gone"), graph_, shape_);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(made.status().message(), "device cuda: no CUDA kernels: gone");
}

TEST_F(DeviceKernelsTest, AreRefusedWhereTheHeadSizeIsNotTheirs) {
  const auto made = MakeDeviceKernels("cuda", CudaLibrary::Of(diffuser_cuda_api()), graph_,
                                      {.heads = 1, .head_dim = 12});
  EXPECT_EQ(made.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(made.status().message(), HasSubstr("head size 12, expected a multiple of 8"));
}

TEST_F(DeviceKernelsTest, AreRefusedWhereTheLongestDocumentDoesNotFit) {
  TheFakeDevice().shared_bytes = 3 * 1024;
  TheFakeDevice().capability = 80;
  EXPECT_EQ(Make("cuda").status().message(),
            "device cuda: CUDA kernels: a document of 128 tokens, at most 96 fit this device");
}

TEST_F(DeviceKernelsTest, AreRefusedWhereTheDeviceGivesWrongAnswers) {
  // A device that computes all of it, and then spoils one number.
  static const Api* real = diffuser_cuda_api();
  static Api broken = *real;
  broken.compute_attention = [](Context* context, const AttentionCall* call) {
    const char* error = real->compute_attention(context, call);
    call->out[call->heads * call->head_dim - 1] = 1e6f;
    return error;
  };
  const auto made = MakeDeviceKernels("cuda", CudaLibrary::Of(&broken), graph_, shape_);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(made.status().message(), HasSubstr("device cuda: h differs by 1e+06 where"));
}

TEST_F(DeviceKernelsTest, TakeAndAnswerBFloat16) {
  const auto made = Make("cuda");
  ASSERT_TRUE(made.ok()) << made.status();
  const Projections batch(shape_, {1, 40}, {1, 2}, 1.0f, Element::kBFloat16);
  const Answers expected = Compute(*KernelsOrDie("reference"), *graph_, shape_, batch, Serial);
  const Answers actual = Compute(*made->kernels, *graph_, shape_, batch, Serial);
  EXPECT_THAT(actual.all, Pointwise(FloatNear(0.03f), expected.all));
  EXPECT_THAT(actual.first, Pointwise(FloatNear(0.03f), expected.first));
  EXPECT_THAT(actual.evidence, Pointwise(FloatNear(0.01f), expected.evidence));
}

// --- The check itself. ---

// The reference with something wrong in its answers.
class WrongKernels : public AttentionKernels {
 public:
  explicit WrongKernels(float* which) : wrong_(which) {}

  std::string_view name() const override { return "wrong"; }
  void Diffuse(const graph::AttentionGraph& graph, const DiffusionShape& shape, const QkvView& qkv,
               void* out, ParallelFor parallel) const override {
    right_->Diffuse(graph, shape, qkv, out, parallel);
  }
  void DiffuseFirstToken(const graph::AttentionGraph& graph, const DiffusionShape& shape,
                         const QkvView& qkv, void* out, float* evidence,
                         ParallelFor parallel) const override {
    right_->DiffuseFirstToken(graph, shape, qkv, out, evidence, parallel);
    evidence[0] += *wrong_;
  }

 private:
  std::unique_ptr<const AttentionKernels> right_ = KernelsOrDie("reference");
  float* wrong_;
};

TEST_F(DeviceKernelsTest, AreCheckedToTwoInAHundred) {
  float wrong = 0;
  const WrongKernels kernels(&wrong);
  const auto check = [&] { return CheckAgainst(*KernelsOrDie("cpu"), kernels, *graph_, shape_); };
  EXPECT_TRUE(check().ok()) << check();
  wrong = 0.001f;  // the evidence of the only token of the last document is 1
  EXPECT_TRUE(check().ok()) << check();
  wrong = 0.05f;
  EXPECT_THAT(check().message(), HasSubstr("evidence differs by 0.05"));
  wrong = std::nanf("");
  EXPECT_THAT(check().message(), HasSubstr("evidence differs by inf"));
}

}  // namespace
}  // namespace diffuser::kernels::cuda
