#ifndef DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ROWWISE_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ROWWISE_H_

#include <cuda_runtime_api.h>

#include "model/kernels/cuda/rowwise_args.h"

namespace diffuser::kernels::cuda {

// Put one kernel of rowwise.cuh into the stream; all pointers are to device memory.
template <class Half>
cudaError_t LaunchResidualLayerNorm(const ResidualLayerNormArgs<Half>& args, int rows,
                                    cudaStream_t stream);
template <class Half>
cudaError_t LaunchEmbeddingLayerNorm(const EmbeddingLayerNormArgs<Half>& args, int tokens,
                                     cudaStream_t stream);
template <class Half>
cudaError_t LaunchBiasActivation(const BiasActivationArgs<Half>& args, cudaStream_t stream);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_ROWWISE_H_
