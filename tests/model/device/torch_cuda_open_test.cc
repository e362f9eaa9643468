// LibTorch's own CUDA library, where the machine that runs the test has it: with a device or not.
#include <ATen/core/GraphImplInterface.h>

#include "gtest/gtest.h"
#include "model/device/torch_cuda.h"

namespace diffuser::device {
namespace {

TEST(TorchCuda, OpensAndHasGraphs) {
  const TorchCuda& loaded = LoadTorchCuda(kTorchCudaLibrary, DIFFUSER_TORCH_CUDA_LIBRARY);
  if (absl::IsNotFound(loaded.library)) GTEST_SKIP() << loaded.library;
  EXPECT_TRUE(loaded.library.ok()) << loaded.library;
  EXPECT_TRUE(loaded.graphs.ok()) << loaded.graphs;
  EXPECT_TRUE(at::has_graph_impl(c10::DeviceType::CUDA));
  EXPECT_GE(CountTorchCudaDevices(), 0);
}

}  // namespace
}  // namespace diffuser::device
