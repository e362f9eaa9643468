#include "model/device/torch_cuda.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <dlfcn.h>

#include "absl/strings/str_cat.h"

namespace diffuser::device {
namespace {

// Global, so that what is opened next finds this library's symbols. Never closed: LibTorch keeps
// pointers to what a library has registered.
absl::Status Open(const std::string& path) {
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) return absl::OkStatus();
  return absl::NotFoundError(absl::StrCat("no LibTorch for CUDA: ", dlerror()));
}

}  // namespace

const TorchCuda& LoadTorchCuda(const std::string& library, const std::string& graphs) {
  static const TorchCuda* const loaded = [&] {
    auto* found = new TorchCuda{.library = Open(library), .graphs = absl::OkStatus()};
    found->graphs = found->library.ok() ? Open(graphs) : found->library;
    return found;
  }();
  return *loaded;
}

int CountTorchCudaDevices() {
  const auto* backend = c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA)
                            ? c10::impl::getDeviceGuardImpl(c10::DeviceType::CUDA)
                            : nullptr;
  return backend != nullptr ? backend->deviceCount() : 0;
}

}  // namespace diffuser::device
