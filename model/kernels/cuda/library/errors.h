#ifndef DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ERRORS_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ERRORS_H_

#include <cuda_runtime_api.h>

#include "model/kernels/cuda/c_api.h"

namespace diffuser::kernels::cuda {

Error ToError(cudaError_t error);

// Acts with that device current, and clears the runtime's last error if it fails: otherwise others
// of the thread who ask for it would take it for theirs.
template <class Act>
Error OnDevice(int32_t ordinal, const Act& act) {
  cudaError_t error = cudaSetDevice(ordinal);
  if (error == cudaSuccess) error = act();
  if (error != cudaSuccess) cudaGetLastError();
  return ToError(error);
}

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ERRORS_H_
