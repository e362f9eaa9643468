#ifndef DIFFUSER_MODEL_DEVICE_TORCH_CUDA_H_
#define DIFFUSER_MODEL_DEVICE_TORCH_CUDA_H_

#include <string>

#include "absl/status/status.h"

namespace diffuser::device {

// The names under which the libraries are looked for.
inline constexpr char kTorchCudaLibrary[] = "libtorch_cuda.so";
inline constexpr char kTorchGraphLibrary[] = "libdiffuser_torch_cuda.so";

// Makes LibTorch know CUDA devices: opens its CUDA library, which registers itself with the part of
// LibTorch that this program is linked with; then the one that adds graphs (cuda_graph.cc). Both
// stay open. Works once: later calls say what the first one found, whatever they name. To be called
// before anything else asks LibTorch for CUDA, as it remembers that there was none.
// Thread-safe. Errors: NOT_FOUND, in one line, where a library or one that it needs is missing.
// Without the second one there are CUDA devices, but no graphs.
struct TorchCuda {
  absl::Status library;
  absl::Status graphs;
};
const TorchCuda& LoadTorchCuda(const std::string& library = kTorchCudaLibrary,
                               const std::string& graphs = kTorchGraphLibrary);

// CUDA devices that LibTorch can use: 0 where it knows no CUDA, or there is no driver. Never
// throws.
int CountTorchCudaDevices();

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_TORCH_CUDA_H_
