#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_FAKE_RUNTIME_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_FAKE_RUNTIME_H_

#include <cstddef>

#include "model/kernels/cuda/c_api.h"

// libdiffuser_cuda.so's table, on a CUDA runtime (fake_runtime.cc) with one device that the host
// shim plays: its memory is the host's, and kernels run at once (run_on_shim.h says how), whatever
// the stream. So StreamKernels work there on any pointers.
extern "C" const diffuser::kernels::cuda::Api* diffuser_cuda_api();

namespace diffuser::kernels::cuda::testing {

// The device. To be set while nothing uses it.
struct FakeDevice {
  int capability = 90;
  size_t shared_bytes = 227 * 1024;
  bool has_clusters = true;
  size_t memory_bytes = size_t{1} << 30;  // the most that one allocation may take
  int error = 0;                          // what launches and waiting give, a cudaError_t
  int last_error = 0;                     // what cudaGetLastError would give
};
FakeDevice& TheFakeDevice();

}  // namespace diffuser::kernels::cuda::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_FAKE_RUNTIME_H_
