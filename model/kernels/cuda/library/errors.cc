#include "model/kernels/cuda/library/errors.h"

#include <algorithm>
#include <iterator>

namespace diffuser::kernels::cuda {
namespace {

// After these "any further CUDA work will return the same error" (driver_types.h), or the device is
// gone from the process or from the bus.
constexpr cudaError_t kLost[] = {
    cudaErrorDevicesUnavailable,  cudaErrorECCUncorrectable,
    cudaErrorNvlinkUncorrectable, cudaErrorContained,
    cudaErrorIllegalAddress,      cudaErrorLaunchTimeout,
    cudaErrorContextIsDestroyed,  cudaErrorAssert,
    cudaErrorHardwareStackError,  cudaErrorIllegalInstruction,
    cudaErrorMisalignedAddress,   cudaErrorInvalidAddressSpace,
    cudaErrorInvalidPc,           cudaErrorLaunchFailure,
    cudaErrorTensorMemoryLeak,    cudaErrorMpsClientTerminated,
    cudaErrorExternalDevice,      cudaErrorUnknown,
};

ErrorKind KindOf(cudaError_t error) {
  if (error == cudaErrorMemoryAllocation) return ErrorKind::kOutOfMemory;
  const bool is_lost = std::find(std::begin(kLost), std::end(kLost), error) != std::end(kLost);
  return is_lost ? ErrorKind::kDeviceLost : ErrorKind::kOther;
}

}  // namespace

Error ToError(cudaError_t error) {
  if (error == cudaSuccess) return {ErrorKind::kNone, nullptr};
  return {KindOf(error), cudaGetErrorString(error)};
}

}  // namespace diffuser::kernels::cuda
