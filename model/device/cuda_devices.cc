#include "model/device/cuda_devices.h"

#include <dlfcn.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "model/device/torch_cuda.h"
#include "model/device/torch_runtime.h"

namespace diffuser::device {
namespace {

using kernels::cuda::CudaLibrary;
using kernels::cuda::DeviceInfo;

constexpr char kKernelLibrary[] = "libdiffuser_cuda.so";
constexpr char kDriverLibrary[] = "libcuda.so.1";

bool HasDriver() {
  void* const driver = dlopen(kDriverLibrary, RTLD_LAZY | RTLD_LOCAL);
  if (driver != nullptr) dlclose(driver);
  return driver != nullptr;
}

CudaDevices None(std::string reason, absl::string_view details) {
  return {.infos = {},
          .library = nullptr,
          .why_none = {.reason = std::move(reason), .details = std::string(details)}};
}

absl::Status Refused(const std::string& device, const model::Fallback& why) {
  return absl::FailedPreconditionError(absl::StrCat("device ", device, ": ", why.details));
}

std::string Name(const DeviceInfo& info) { return absl::StrCat("cuda:", info.ordinal); }

const DeviceInfo* Find(const CudaDevices& devices, const std::string& name) {
  const auto found = std::find_if(devices.infos.begin(), devices.infos.end(),
                                  [&](const DeviceInfo& info) { return Name(info) == name; });
  return found != devices.infos.end() ? &*found : nullptr;
}

// "cuda:N", without a sign or a leading zero, so that a device has one name.
bool IsName(const std::string& device) {
  absl::string_view number = device;
  int ordinal = 0;
  return absl::ConsumePrefix(&number, "cuda:") && absl::SimpleAtoi(number, &ordinal) &&
         ordinal >= 0 && number == absl::StrCat(ordinal);
}

absl::Status NotADevice(const std::string& device) {
  return absl::InvalidArgumentError(absl::StrCat(
      "device '", device, "'; expected auto, cpu, cuda, cuda:all, cuda:N or cuda:N,cuda:M"));
}

absl::Status NoSuchDevice(const std::string& device, const CudaDevices& devices) {
  if (devices.infos.empty()) return Refused(device, devices.why_none);
  return Refused(device, {.reason = "no_device",
                          .details = absl::StrCat("no such CUDA device, of ", devices.infos.size(),
                                                  " in use")});
}

absl::StatusOr<std::vector<std::string>> SelectNamed(const std::string& device,
                                                     absl::FunctionRef<CudaDevices()> find) {
  const std::vector<std::string> names = absl::StrSplit(device, ',');
  if (!std::all_of(names.begin(), names.end(), IsName)) return NotADevice(device);
  const CudaDevices devices = find();
  for (size_t i = 0; i < names.size(); ++i) {
    if (Find(devices, names[i]) == nullptr) return NoSuchDevice(names[i], devices);
    if (std::count(names.begin(), names.end(), names[i]) > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("device '", device, "' names ", names[i], " more than once"));
    }
  }
  return names;
}

}  // namespace

CudaDevices FindCudaDevices() {
  auto library = CudaLibrary::Open(kKernelLibrary);
  if (!library.ok()) return None("no_library", library.status().message());
  if (!HasDriver()) {
    return None("no_driver", absl::StrCat("no CUDA driver: no ", kDriverLibrary));
  }
  auto infos = (*library)->Devices();
  if (!infos.ok()) return None("no_device", infos.status().message());
  if (const absl::Status& torch = LoadTorchCuda().library; !torch.ok()) {
    return None("no_libtorch", torch.message());
  }
  const int usable = CountTorchCudaDevices();
  std::erase_if(*infos, [usable](const DeviceInfo& info) { return info.ordinal >= usable; });
  if (infos->empty()) return None("no_device", "no CUDA device that LibTorch can use");
  return {.infos = *std::move(infos), .library = *std::move(library), .why_none = {}};
}

absl::StatusOr<std::vector<std::string>> SelectDevices(
    const std::string& device, absl::FunctionRef<CudaDevices()> find,
    const std::function<void(const model::Fallback&)>& on_fallback) {
  if (device == "cpu") return std::vector<std::string>{"cpu"};
  const bool is_auto = device == "auto";
  if (!is_auto && device != "cuda" && device != "cuda:all") return SelectNamed(device, find);
  const CudaDevices devices = find();
  if (devices.infos.empty()) {
    if (!is_auto) return Refused(device, devices.why_none);
    if (on_fallback) on_fallback(devices.why_none);
    return std::vector<std::string>{"cpu"};
  }
  std::vector<std::string> names;
  for (const DeviceInfo& info : devices.infos) names.push_back(Name(info));
  if (device == "cuda") names.resize(1);
  return names;
}

absl::StatusOr<CudaDevice> OpenCudaDevice(const std::string& device) {
  if (!IsName(device)) return NotADevice(device);
  const CudaDevices devices = FindCudaDevices();
  const DeviceInfo* const info = Find(devices, device);
  if (info == nullptr) return NoSuchDevice(device, devices);
  const auto index = static_cast<c10::DeviceIndex>(info->ordinal);
  return CudaDevice{.runtime = MakeTorchRuntime(c10::Device(c10::DeviceType::CUDA, index)),
                    .library = devices.library,
                    .info = *info};
}

}  // namespace diffuser::device
