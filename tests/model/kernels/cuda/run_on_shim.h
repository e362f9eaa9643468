#ifndef DIFFUSER_TESTS_MODEL_KERNELS_CUDA_RUN_ON_SHIM_H_
#define DIFFUSER_TESTS_MODEL_KERNELS_CUDA_RUN_ON_SHIM_H_

#include "model/kernels/cuda/device_attention.h"

namespace diffuser::kernels::cuda::testing {

// Runs the kernels of one call on the host shim; what that reports fails the running test. Stands
// apart because the shim's words of CUDA C++ and the runtime's headers do not go together.
template <class Half>
void RunOnShim(const DeviceAttention<Half>& call);

}  // namespace diffuser::kernels::cuda::testing

#endif  // DIFFUSER_TESTS_MODEL_KERNELS_CUDA_RUN_ON_SHIM_H_
