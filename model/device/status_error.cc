#include "model/device/status_error.h"

#include "model/layers/guard.h"

namespace diffuser::device {

void ThrowIfError(const absl::Status& status) {
  if (!status.ok()) throw StatusError(status);
}

absl::Status GuardDevice(const std::function<void(const std::string&)>& report,
                         absl::FunctionRef<void()> body) {
  return layers::GuardTorch(report, [&] {
    try {
      body();
    } catch (const StatusError& error) {
      if (absl::IsResourceExhausted(error.status())) return error.status();
      throw;
    }
    return absl::OkStatus();
  });
}

}  // namespace diffuser::device
