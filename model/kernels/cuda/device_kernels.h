#ifndef DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_KERNELS_H_
#define DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_KERNELS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "model/graph/attention_graph.h"
#include "model/kernels/attention_kernels.h"
#include "model/kernels/cuda/cuda_library.h"

namespace diffuser::kernels::cuda {

// The name under which the library is looked for.
inline constexpr char kLibraryName[] = "libdiffuser_cuda.so";

struct DeviceKernels {
  std::unique_ptr<const AttentionKernels> kernels;
  std::string device;  // "cuda:N"
};

// Kernels for the device that `device` names, "cuda" (the first one) or "cuda:N", in bfloat16, once
// they have been found to agree with the CPU's (self_check.h). `library` is CudaLibrary::Open's.
// Errors: FAILED_PRECONDITION, with the reason in one line: no library, no driver, no such device,
// or wrong answers.
absl::StatusOr<DeviceKernels> MakeDeviceKernels(
    const std::string& device, const absl::StatusOr<std::shared_ptr<const CudaLibrary>>& library,
    std::shared_ptr<const graph::AttentionGraph> graph, const DiffusionShape& shape);

}  // namespace diffuser::kernels::cuda

#endif  // DIFFUSER_MODEL_KERNELS_CUDA_DEVICE_KERNELS_H_
