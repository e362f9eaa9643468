#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_FAKE_RUNTIME_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_FAKE_RUNTIME_H_

#include <cstddef>

namespace diffuser::kernels::cuda::testing {

// The one device of the fake CUDA runtime (fake_runtime.cc). To be set while nothing uses it.
struct FakeDevice {
  int capability = 90;
  size_t shared_bytes = 227 * 1024;
  size_t memory_bytes = size_t{1} << 30;  // the most that one allocation may take
};
FakeDevice& TheFakeDevice();

}  // namespace diffuser::kernels::cuda::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_FAKE_RUNTIME_H_
