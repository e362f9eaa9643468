#include "model/kernels/cuda/cuda_library.h"

#include <dlfcn.h>

#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace diffuser::kernels::cuda {

absl::StatusOr<std::shared_ptr<const CudaLibrary>> CudaLibrary::Open(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return absl::NotFoundError(absl::StrCat("no CUDA kernels: ", dlerror()));
  }
  const auto get_api = reinterpret_cast<GetApi>(dlsym(handle, kApiSymbol));
  const Api* api = get_api != nullptr ? get_api() : nullptr;
  if (api == nullptr || api->version != kApiVersion) {
    dlclose(handle);
    return absl::FailedPreconditionError(
        absl::StrCat("no CUDA kernels: ", path, " is of another version than this program"));
  }
  return std::shared_ptr<const CudaLibrary>(absl::WrapUnique(new CudaLibrary(handle, api)));
}

std::shared_ptr<const CudaLibrary> CudaLibrary::Of(const Api* api) {
  return absl::WrapUnique(new CudaLibrary(nullptr, api));
}

CudaLibrary::~CudaLibrary() {
  if (handle_ != nullptr) dlclose(handle_);
}

absl::StatusOr<std::vector<DeviceInfo>> CudaLibrary::Devices() const {
  int32_t count = 0;
  if (const Error error = api_->count_devices(&count); error.kind != ErrorKind::kNone) {
    return absl::UnavailableError(absl::StrCat("no CUDA device: ", error.text));
  }
  std::vector<DeviceInfo> devices;
  std::string reason = "the driver shows none";
  for (int32_t device = 0; device < count; ++device) {
    DeviceInfo info;
    const Error error = api_->describe_device(device, &info);
    if (error.kind != ErrorKind::kNone) {
      reason = absl::StrCat("device ", device, ": ", error.text);
    } else {
      devices.push_back(info);
    }
  }
  if (devices.empty()) return absl::UnavailableError(absl::StrCat("no CUDA device: ", reason));
  return devices;
}

}  // namespace diffuser::kernels::cuda
