// StreamKernels and the library's host code, on the fake device: all but the numbers of the
// attention, which attention_test.cc checks.
#include "model/kernels/cuda/stream_kernels.h"

#include <cuda_runtime_api.h>

#include <cmath>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/model/kernels/cuda/fake_runtime.h"
#include "tests/model/kernels/cuda/shim/warp.h"
#include "tests/model/kernels/cuda/stream_attention.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using kernels::testing::BuildOrDie;
using ::testing::HasSubstr;
using testing::StreamKernelsOrDie;
using testing::TheFakeDevice;

class StreamKernelsTest : public ::testing::Test {
 protected:
  void TearDown() override { TheFakeDevice() = {}; }

  std::unique_ptr<const StreamKernels> MakeOrDie() const {
    return StreamKernelsOrDie(testing::H100(), *graph_, shape_);
  }
  absl::Status Refusal(const graph::AttentionGraph& graph, const DiffusionShape& shape) const {
    return MakeStreamKernels(library_, testing::H100(), graph, shape).status();
  }

  const DiffusionShape shape_ = {.heads = 2, .head_dim = 16};
  const std::shared_ptr<const CudaLibrary> library_ = CudaLibrary::Of(diffuser_cuda_api());
  const std::shared_ptr<const graph::AttentionGraph> graph_ =
      BuildOrDie({.nodes = 256, .window = 16, .num_rand = 5, .num_glob = 20});
};

// --- What they are made for. ---

TEST_F(StreamKernelsTest, AreForADeviceThatTheLibraryDescribes) {
  TheFakeDevice().shared_bytes = 100'000;
  TheFakeDevice().memory_bytes = 1 << 20;
  const auto devices = library_->Devices();
  ASSERT_TRUE(devices.ok()) << devices.status();
  ASSERT_EQ(devices->size(), 1);
  const auto kernels = StreamKernelsOrDie(devices->front(), *graph_, shape_);
  EXPECT_STREQ(kernels->device().name, "host shim");
  EXPECT_EQ(kernels->device().compute_capability, 90);
  EXPECT_EQ(kernels->device().shared_bytes, 100'000);
  EXPECT_EQ(kernels->device().cluster_blocks, 8);
  EXPECT_EQ(kernels->device().memory_bytes, 1 << 20);
}

TEST_F(StreamKernelsTest, UseNoClustersWhereThereAreNone) {
  TheFakeDevice().has_clusters = false;
  const auto devices = library_->Devices();
  ASSERT_TRUE(devices.ok()) << devices.status();
  EXPECT_EQ(devices->front().cluster_blocks, 1);
}

TEST_F(StreamKernelsTest, AreRefusedByADeviceThatIsTooOld) {
  TheFakeDevice().capability = 75;
  const auto devices = library_->Devices();
  EXPECT_EQ(devices.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(devices.status().message(), HasSubstr("device 0: older than compute capability 8.0"));
}

TEST_F(StreamKernelsTest, AreRefusedForShapesThatTheyDoNotTake) {
  const auto expect = [&](const absl::Status& status, const char* why) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(status.message(), HasSubstr(why));
  };
  expect(Refusal(*graph_, {.heads = 1, .head_dim = 12}), "head size 12, expected a multiple of 8");
  expect(Refusal(*graph_, {.heads = 1, .head_dim = 0}), "head size 0");
  expect(Refusal(*graph_, {.heads = 0, .head_dim = 8}), "0 heads");
  expect(Refusal(*graph_, {.heads = 1, .head_dim = 8, .hops = 0}), "0 hops");
}

TEST_F(StreamKernelsTest, AreRefusedWhereTheGraphFindsNoMemory) {
  TheFakeDevice().memory_bytes = 100;
  const absl::Status status = Refusal(*graph_, shape_);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "CUDA device 0: out of memory");
}

TEST_F(StreamKernelsTest, AreRefusedForADeviceThatIsNotThere) {
  DeviceInfo device = testing::H100();
  device.ordinal = 1;
  const absl::Status status = MakeStreamKernels(library_, device, *graph_, shape_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(status.message(), "CUDA device 1: fake error");
}

// --- Errors of calls. ---

class FailingDevice : public StreamKernelsTest {
 protected:
  // What every method answers on a device that fails so.
  std::vector<absl::Status> Statuses(int error) {
    TheFakeDevice().error = error;
    const BatchMemory batch = {.bounds = {.tokens = 8, .documents = 1, .longest = 8}};
    return {
        kernels_->Diffuse(nullptr, batch, HalfType::kBFloat16, nullptr, nullptr),
        kernels_->Diffuse(nullptr, batch, HalfType::kFloat16, nullptr, nullptr),
        kernels_->DiffuseFirstTokens(nullptr, batch, HalfType::kBFloat16, nullptr, nullptr,
                                     nullptr),
        kernels_->DiffuseFirstTokens(nullptr, batch, HalfType::kFloat16, nullptr, nullptr, nullptr),
        kernels_->NormalizeEmbeddings(nullptr, EmbeddingLayerNormArgs<BFloat16>{}, 8),
        kernels_->NormalizeEmbeddings(nullptr, EmbeddingLayerNormArgs<Float16>{}, 8),
        kernels_->AddAndNormalize(nullptr, ResidualLayerNormArgs<BFloat16>{}, 8),
        kernels_->AddAndNormalize(nullptr, ResidualLayerNormArgs<Float16>{}, 8),
        kernels_->Activate(nullptr, BiasActivationArgs<BFloat16>{}),
        kernels_->Activate(nullptr, BiasActivationArgs<Float16>{}),
        kernels_->CheckDevice(),
    };
  }

  void ExpectAll(int error, absl::StatusCode code) {
    for (const absl::Status& status : Statuses(error)) {
      EXPECT_EQ(status.code(), code) << error << ": " << status;
      EXPECT_THAT(status.message(), HasSubstr("CUDA device 0: "));
    }
    // Nobody else is told of it.
    EXPECT_EQ(TheFakeDevice().last_error, 0);
  }

  const std::unique_ptr<const StreamKernels> kernels_ = MakeOrDie();
};

TEST_F(FailingDevice, IsUnavailableForErrorsThatStay) {
  for (const int error :
       {cudaErrorIllegalAddress, cudaErrorLaunchTimeout, cudaErrorLaunchFailure, cudaErrorAssert,
        cudaErrorECCUncorrectable, cudaErrorMisalignedAddress, cudaErrorUnknown}) {
    ExpectAll(error, absl::StatusCode::kUnavailable);
  }
}

TEST_F(FailingDevice, IsExhaustedWhereItHasNoMemory) {
  ExpectAll(cudaErrorMemoryAllocation, absl::StatusCode::kResourceExhausted);
}

TEST_F(FailingDevice, IsAnInternalErrorOtherwise) {
  for (const int error : {cudaErrorInvalidValue, cudaErrorLaunchOutOfResources,
                          cudaErrorInvalidConfiguration, cudaErrorStreamCaptureInvalidated}) {
    ExpectAll(error, absl::StatusCode::kInternal);
  }
}

TEST_F(FailingDevice, IsFineAgainAfterAnErrorThatPasses) {
  ExpectAll(cudaErrorMemoryAllocation, absl::StatusCode::kResourceExhausted);
  TheFakeDevice().error = 0;
  EXPECT_TRUE(kernels_->CheckDevice().ok());
}

TEST_F(FailingDevice, IsUnavailableToKernelsThatAreBeingMade) {
  // What the driver says of a device that is lost, whatever it is asked for.
  static const Api* real = diffuser_cuda_api();
  static Api broken = *real;
  broken.upload = [](int32_t, const void*, int64_t, void**) {
    return Error{ErrorKind::kDeviceLost, "gone"};
  };
  const auto made = MakeStreamKernels(CudaLibrary::Of(&broken), testing::H100(), *graph_, shape_);
  EXPECT_EQ(made.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(made.status().message(), "CUDA device 0: gone");
}

// --- Memory. ---

TEST_F(StreamKernelsTest, TakeMemoryByTheBounds) {
  const auto kernels = MakeOrDie();
  const BatchBounds small = {.tokens = 64, .documents = 2, .longest = 64};
  const BatchBounds large = {.tokens = 1024, .documents = 8, .longest = 256};
  EXPECT_GT(kernels->PlanBytes(small), 0);
  EXPECT_LT(kernels->PlanBytes(small), kernels->PlanBytes(large));
  EXPECT_GT(kernels->WorkspaceBytes(small), 0);
  EXPECT_LT(4 * kernels->WorkspaceBytes(small), kernels->WorkspaceBytes(large));
  EXPECT_EQ(kernels->PlanBytes(large) % 256, 0);  // so that blocks can stand side by side
  EXPECT_EQ(kernels->WorkspaceBytes(large) % 256, 0);
}

TEST_F(StreamKernelsTest, RefuseDocumentsThatTheDeviceCannotHold) {
  const auto kernels = StreamKernelsOrDie(testing::SmallA100(96, 16), *graph_, shape_);
  const BatchBounds bounds = {.tokens = 256, .documents = 1, .longest = 256};
  std::vector<std::byte> plan(kernels->PlanBytes(bounds));
  const absl::Status status = kernels->WritePlan(bounds, {0, 200}, plan.data());
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("a document of 200 tokens, at most "));
  EXPECT_THAT(status.message(), HasSubstr(" fit this device"));
}

// --- Rows: rowwise_test.cc checks the kernels; here, that each call comes to its own. ---

template <class Half>
class RowCalls : public StreamKernelsTest {
 protected:
  static constexpr int kHidden = 8;

  static std::vector<Half> Halves(const std::vector<float>& values) {
    std::vector<Half> halves;
    for (const float value : values) halves.push_back({shim::ToBits<Half>(value)});
    return halves;
  }
  static void ExpectNear(const std::vector<Half>& actual, const std::vector<float>& expected) {
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(shim::ToFloat<Half>(actual[i].bits), expected[i], 0.02) << i;
    }
  }

  LayerNormWeights Norm() const { return {weight_.data(), bias_.data(), 1e-5f, kHidden}; }

  const std::vector<float> weight_ = std::vector<float>(kHidden, 2.0f);
  const std::vector<float> bias_ = std::vector<float>(kHidden, 1.0f);
  const std::vector<Half> minus_plus_ = Halves({-1, 1, -1, 1, -1, 1, -1, 1});
  const std::vector<Half> zeros_ = Halves(std::vector<float>(kHidden));
  std::vector<Half> out_ = Halves(std::vector<float>(kHidden));
  const std::unique_ptr<const StreamKernels> kernels_ = MakeOrDie();
};
using HalfTypes = ::testing::Types<BFloat16, Float16>;
TYPED_TEST_SUITE(RowCalls, HalfTypes);

TYPED_TEST(RowCalls, NormalizeEmbeddings) {
  const int32_t id = 0, position = 0;
  const EmbeddingLayerNormArgs<TypeParam> args = {this->Norm(),        &id,
                                                  &position,           this->minus_plus_.data(),
                                                  this->zeros_.data(), this->zeros_.data(),
                                                  this->out_.data()};
  EXPECT_TRUE(this->kernels_->NormalizeEmbeddings(nullptr, args, 1).ok());
  this->ExpectNear(this->out_, {-1, 3, -1, 3, -1, 3, -1, 3});
}

TYPED_TEST(RowCalls, AddAndNormalize) {
  const ResidualLayerNormArgs<TypeParam> args = {
      this->Norm(), this->zeros_.data(), this->minus_plus_.data(), nullptr, this->out_.data()};
  EXPECT_TRUE(this->kernels_->AddAndNormalize(nullptr, args, 1).ok());
  this->ExpectNear(this->out_, {-1, 3, -1, 3, -1, 3, -1, 3});
}

TYPED_TEST(RowCalls, Activate) {
  this->out_ = this->minus_plus_;
  const BiasActivationArgs<TypeParam> args = {this->out_.data(), this->bias_.data(), 1,
                                              this->kHidden, Activation::kRelu};
  EXPECT_TRUE(this->kernels_->Activate(nullptr, args).ok());
  this->ExpectNear(this->out_, {0, 2, 0, 2, 0, 2, 0, 2});
}

}  // namespace
}  // namespace diffuser::kernels::cuda
