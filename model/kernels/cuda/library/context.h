#ifndef DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_CONTEXT_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_CONTEXT_H_

#include <cuda_runtime_api.h>

#include <mutex>

#include "model/kernels/cuda/c_api.h"
#include "model/kernels/cuda/library/attention.h"
#include "model/kernels/cuda/library/device_memory.h"

namespace diffuser::kernels::cuda {

// See c_api.h. Calls take turns.
class Context {
 public:
  Context(int device, HalfType type) : device_(device), type_(type) {}
  ~Context();

  // Copies the graph to the device. To be called once, before anything else.
  cudaError_t Prepare(const GraphCopy& graph);

  cudaError_t Compute(const AttentionCall& call);

 private:
  template <class Half>
  cudaError_t ComputeAs(const AttentionCall& call);
  template <class Half>
  cudaError_t CopyIn(const AttentionCall& call, DeviceAttention<Half>& device) const;
  template <class Half>
  cudaError_t CopyOut(const AttentionCall& call, const DeviceAttention<Half>& device) const;

  const int device_;
  const HalfType type_;
  std::mutex mutex_;  // guards memory_ and what is in the stream
  cudaStream_t stream_ = nullptr;
  DeviceMemory graph_memory_;
  GraphView graph_ = {};
  DeviceMemory memory_;
};

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_LIBRARY_CONTEXT_H_
