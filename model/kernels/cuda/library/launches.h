#ifndef DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_LAUNCHES_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_LAUNCHES_H_

#include <cuda_runtime_api.h>

#include "model/kernels/cuda/attention_call.h"
#include "model/kernels/cuda/rowwise_args.h"

// Put kernels into a stream of the current device. Halves are BFloat16 or Float16.
namespace diffuser::kernels::cuda {

// LaunchScores, then LaunchHops or LaunchFirstTokens (attention_launches.h).
template <class Half>
cudaError_t Diffuse(const AttentionCall<Half>& call, cudaStream_t stream);
template <class Half>
cudaError_t DiffuseFirstTokens(const AttentionCall<Half>& call, cudaStream_t stream);

// LaunchRows (row_launches.h).
template <class Half>
cudaError_t NormalizeEmbeddings(const EmbeddingLayerNormArgs<Half>& args, int tokens,
                                cudaStream_t stream);
template <class Half>
cudaError_t AddAndNormalize(const ResidualLayerNormArgs<Half>& args, int rows, cudaStream_t stream);
template <class Half>
cudaError_t Activate(const BiasActivationArgs<Half>& args, cudaStream_t stream);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_LAUNCHES_H_
