#ifndef DIFFUSER_MODEL_DEVICE_TORCH_RUNTIME_H_
#define DIFFUSER_MODEL_DEVICE_TORCH_RUNTIME_H_

#include <memory>

#include "model/device/runtime.h"

namespace diffuser::device {

// The runtime of a device that LibTorch has a backend for, through its interfaces for any of them.
// REQUIRES: the backend is loaded, see torch_cuda.h.
std::unique_ptr<Runtime> MakeTorchRuntime(c10::Device device);

}  // namespace diffuser::device

#endif  // DIFFUSER_MODEL_DEVICE_TORCH_RUNTIME_H_
