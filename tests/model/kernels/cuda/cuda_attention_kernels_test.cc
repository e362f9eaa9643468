// AttentionKernels on a CUDA device, the library's host code included, with a runtime that hands
// kernels to the host shim.
#include <cmath>
#include <stdexcept>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/kernels/cuda/cuda_attention.h"
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
using ::testing::HasSubstr;
using testing::TheFakeDevice;

class CudaKernels : public ::testing::Test {
 protected:
  void TearDown() override { TheFakeDevice() = {}; }

  std::unique_ptr<const AttentionKernels> MakeOrDie(HalfType type) {
    const auto devices = library_->Devices();
    EXPECT_TRUE(devices.ok()) << devices.status();
    auto kernels = MakeCudaKernels(library_, devices->front(), graph_, type);
    EXPECT_TRUE(kernels.ok()) << kernels.status();
    return *std::move(kernels);
  }

  const DiffusionShape shape_ = {.heads = 2, .head_dim = 16};
  const std::shared_ptr<const CudaLibrary> library_ = CudaLibrary::Of(diffuser_cuda_api());
  const std::shared_ptr<const graph::AttentionGraph> graph_ =
      BuildOrDie({.nodes = 256, .window = 16, .num_rand = 5, .num_glob = 20});
};

void ExpectNear(const std::vector<float>& actual, const std::vector<float>& expected, float bound) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) ASSERT_NEAR(actual[i], expected[i], bound) << i;
}

TEST_F(CudaKernels, MatchTheReferenceBatchAfterBatch) {
  for (const HalfType type : {HalfType::kBFloat16, HalfType::kFloat16}) {
    const auto kernels = MakeOrDie(type);
    EXPECT_EQ(kernels->name(), "cuda");
    // Working memory grows, and is reused by what is smaller.
    for (const std::vector<int>& lengths : {std::vector{40}, {7, 256, 100}, {1, 63}}) {
      const Projections batch(shape_, lengths, std::vector<uint32_t>(lengths.size(), 3), 1.0f);
      const Answers actual = Compute(*kernels, *graph_, shape_, batch, Serial);
      const Answers expected = Compute(*KernelsOrDie("reference"), *graph_, shape_, batch, Serial);
      const float bound = type == HalfType::kBFloat16 ? 0.05f : 0.006f;
      ExpectNear(actual.all, expected.all, bound);
      ExpectNear(actual.first, expected.first, bound);
      ExpectNear(actual.evidence, expected.evidence, bound / 8);
    }
  }
}

TEST_F(CudaKernels, ThrowWhereTheDeviceHasNoMemoryAndGoOnAfterwards) {
  const auto kernels = MakeOrDie(HalfType::kFloat16);
  const Projections batch(shape_, {200}, {1}, 1.0f);
  std::vector<float> out(200 * 32);
  const auto diffuse = [&] { kernels->Diffuse(*graph_, shape_, batch.view(), out.data(), Serial); };
  TheFakeDevice().memory_bytes = 1000;
  EXPECT_THAT(diffuse, ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("out of memory")));
  TheFakeDevice() = {};
  EXPECT_NO_THROW(diffuse());
}

TEST_F(CudaKernels, ThrowAtADocumentThatIsTooLongForTheDevice) {
  TheFakeDevice().shared_bytes = 3 * 1024;
  TheFakeDevice().capability = 80;
  const auto kernels = MakeOrDie(HalfType::kFloat16);
  const Projections batch(shape_, {200}, {1}, 1.0f);
  std::vector<float> out(200 * 32);
  EXPECT_THAT([&] { kernels->Diffuse(*graph_, shape_, batch.view(), out.data(), Serial); },
              ::testing::ThrowsMessage<std::runtime_error>(
                  HasSubstr("a document of 200 tokens, at most 96 fit")));
}

TEST_F(CudaKernels, ThrowAtAnotherGraph) {
  const auto kernels = MakeOrDie(HalfType::kFloat16);
  const auto other = BuildOrDie({.nodes = 256, .window = 16});
  const Projections batch(shape_, {20}, {1}, 1.0f);
  std::vector<float> out(20 * 32);
  EXPECT_THAT([&] { kernels->Diffuse(*other, shape_, batch.view(), out.data(), Serial); },
              ::testing::ThrowsMessage<std::runtime_error>(HasSubstr("not the graph")));
}

TEST_F(CudaKernels, AreRefusedByADeviceThatIsTooOld) {
  TheFakeDevice().capability = 75;
  const auto devices = library_->Devices();
  EXPECT_EQ(devices.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(devices.status().message(), HasSubstr("device 0: older than compute capability 8.0"));
}

TEST_F(CudaKernels, AreRefusedWhereTheGraphFindsNoMemory) {
  const auto devices = library_->Devices();
  TheFakeDevice().memory_bytes = 100;
  const auto kernels = MakeCudaKernels(library_, devices->front(), graph_, HalfType::kFloat16);
  EXPECT_EQ(kernels.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(kernels.status().message(), HasSubstr("CUDA device 0: out of memory"));
}

}  // namespace
}  // namespace diffuser::kernels::cuda
