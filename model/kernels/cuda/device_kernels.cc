#include "model/kernels/cuda/device_kernels.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "model/kernels/cpu_attention.h"
#include "model/kernels/cuda/cuda_attention.h"
#include "model/kernels/cuda/self_check.h"

namespace diffuser::kernels::cuda {
namespace {

absl::Status Refused(const std::string& device, const absl::Status& reason) {
  return absl::FailedPreconditionError(absl::StrCat("device ", device, ": ", reason.message()));
}

absl::StatusOr<DeviceInfo> FindDevice(const std::string& name, const CudaLibrary& library) {
  auto devices = library.Devices();
  if (!devices.ok()) return devices.status();
  int ordinal = devices->front().ordinal;
  absl::string_view number = name;
  if (absl::ConsumePrefix(&number, "cuda:") && !absl::SimpleAtoi(number, &ordinal)) {
    return absl::InvalidArgumentError("expected cuda or cuda:N");
  }
  const auto found =
      std::find_if(devices->begin(), devices->end(),
                   [ordinal](const DeviceInfo& device) { return device.ordinal == ordinal; });
  if (found != devices->end()) return *found;
  return absl::NotFoundError(absl::StrCat("no such CUDA device, of ", devices->size(), " in use"));
}

}  // namespace

absl::StatusOr<DeviceKernels> MakeDeviceKernels(
    const std::string& device, const absl::StatusOr<std::shared_ptr<const CudaLibrary>>& library,
    std::shared_ptr<const graph::AttentionGraph> graph, const DiffusionShape& shape) {
  if (!library.ok()) return Refused(device, library.status());
  const auto info = FindDevice(device, **library);
  if (!info.ok()) return Refused(device, info.status());
  auto kernels = MakeCudaKernels(*library, *info, graph, HalfType::kBFloat16);
  if (!kernels.ok()) return Refused(device, kernels.status());
  const absl::Status check = CheckAgainst(*MakeCpuKernels(), **kernels, *graph, shape);
  if (!check.ok()) return Refused(device, check);
  return DeviceKernels{*std::move(kernels), absl::StrCat("cuda:", info->ordinal)};
}

}  // namespace diffuser::kernels::cuda
