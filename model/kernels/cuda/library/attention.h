#ifndef DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ATTENTION_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ATTENTION_H_

#include <cuda_runtime_api.h>

#include "model/kernels/cuda/device_attention.h"

namespace diffuser::kernels::cuda {

// Puts the call's kernels into the stream.
template <class Half>
cudaError_t LaunchAttention(const DeviceAttention<Half>& call, cudaStream_t stream);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ATTENTION_H_
