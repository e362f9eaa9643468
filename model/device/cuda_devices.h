#ifndef DIFFUSER_MODEL_DEVICE_CUDA_DEVICES_H_
#define DIFFUSER_MODEL_DEVICE_CUDA_DEVICES_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "model/classifier.h"
#include "model/device/runtime.h"
#include "model/kernels/cuda/cuda_library.h"

namespace diffuser::device {

// The CUDA devices of this machine that both LibTorch and the project's kernels can use.
struct CudaDevices {
  std::vector<kernels::cuda::DeviceInfo> infos;  // in the driver's order
  std::shared_ptr<const kernels::cuda::CudaLibrary> library;
  // Where there are none: "no_library" (of kernels), "no_driver", "no_device", "no_libtorch" (its
  // CUDA library).
  model::Fallback why_none;
};

// Opens the libraries, which stay open, and asks them. The large one of LibTorch is opened last,
// where a device is there at all. Never throws.
CudaDevices FindCudaDevices();

// As model::FindDevices, of the devices that `find` gives.
absl::StatusOr<std::vector<std::string>> SelectDevices(
    const std::string& device, absl::FunctionRef<CudaDevices()> find,
    const std::function<void(const model::Fallback&)>& on_fallback);

// What a classifier is made of on one CUDA device, "cuda:N".
struct CudaDevice {
  std::shared_ptr<Runtime> runtime;
  std::shared_ptr<const kernels::cuda::CudaLibrary> library;
  kernels::cuda::DeviceInfo info;
};

// Errors: INVALID_ARGUMENT (not of that form), FAILED_PRECONDITION (no such device, in one line).
absl::StatusOr<CudaDevice> OpenCudaDevice(const std::string& device);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_CUDA_DEVICES_H_
