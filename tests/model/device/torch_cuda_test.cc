#include "model/device/torch_cuda.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace diffuser::device {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A process loads once; this one is given a library that needs LibTorch's CUDA library, which is
// not there.
TEST(TorchCuda, SaysInOneLineWhyItCannotBeLoadedAndSaysItAgain) {
  const absl::Status status = LoadTorchCuda(DIFFUSER_TORCH_CUDA_LIBRARY).library;
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("no LibTorch for CUDA: "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("undefined symbol"));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\n")));
  EXPECT_EQ(LoadTorchCuda("/nowhere/libtorch_cuda.so").library, status);
  EXPECT_EQ(LoadTorchCuda().graphs, status);
  EXPECT_EQ(CountTorchCudaDevices(), 0);
}

}  // namespace
}  // namespace diffuser::device
