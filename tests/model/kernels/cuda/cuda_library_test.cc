// The library as it is built, on whatever machine the test runs: with a device or without one.
#include "model/kernels/cuda/cuda_library.h"

#include <cstdlib>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "model/kernels/cuda/stream_kernels.h"
#include "tests/model/kernels/kernel_cases.h"

namespace diffuser::kernels::cuda {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<const CudaLibrary> OpenOrDie() {
  auto library = CudaLibrary::Open(DIFFUSER_CUDA_LIBRARY);
  EXPECT_TRUE(library.ok()) << library.status();
  return *std::move(library);
}

// Whether any driver is there at all; what it shows is another question.
bool HasDriver() { return std::system("ldconfig -p | grep -q libcuda.so.1") == 0; }

TEST(CudaLibrary, OpensAndHasTheVersionOfThisProgram) {
  EXPECT_EQ(OpenOrDie()->api().version, kApiVersion);
}

TEST(CudaLibrary, SaysInOneLineThatThereIsNoDevice) {
  if (HasDriver()) GTEST_SKIP() << "this machine has a CUDA driver";
  const auto devices = OpenOrDie()->Devices();
  EXPECT_EQ(devices.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(devices.status().message(), HasSubstr("no CUDA device: "));
  EXPECT_THAT(devices.status().message(), Not(HasSubstr("\n")));
}

TEST(CudaLibrary, RefusesToComputeWithoutADevice) {
  if (HasDriver()) GTEST_SKIP() << "this machine has a CUDA driver";
  const auto graph = kernels::testing::BuildOrDie({.nodes = 64, .window = 8});
  const auto kernels = MakeStreamKernels(OpenOrDie(), {}, *graph, {.heads = 1, .head_dim = 8});
  EXPECT_EQ(kernels.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(kernels.status().message(), HasSubstr("CUDA device 0: "));
}

TEST(CudaLibrary, SaysWhichLibraryIsMissing) {
  const auto library = CudaLibrary::Open("/nowhere/libdiffuser_cuda.so");
  EXPECT_EQ(library.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(library.status().message(), HasSubstr("/nowhere/libdiffuser_cuda.so"));
}

TEST(CudaLibrary, RefusesALibraryThatIsNone) {
  const auto library = CudaLibrary::Open("libm.so.6");
  EXPECT_EQ(library.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(library.status().message(), HasSubstr("libm.so.6 is of another version"));
}

}  // namespace
}  // namespace diffuser::kernels::cuda
